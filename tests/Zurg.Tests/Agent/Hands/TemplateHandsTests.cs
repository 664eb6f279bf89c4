using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Hands;

public sealed class TemplateHandsTests : IAsyncLifetime
{
    private readonly HandsBench _bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task Files_that_are_looked_at_once_more_while_their_incarnation_ends_leave_once_more()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        _bench.AddFile("web.hbs", "{{settings.motto}}", false);
        var template = new TemplateSpec("web.hbs", "web.conf", TemplateThen.Nothing);
        _bench.Settings(("motto", "one"));
        await _bench.RunAsync(AgentSamples.Assigned(s => s with { Templates = [template] }));
        await LastAsync("web.0#1 joined");
        var joins = 0;
        _bench.BeforeJoin = () =>
        {
            if (Interlocked.Increment(ref joins) == 1)
            {
                _bench.Hands.Begin(new AgentEffect.ReleasePorts(AgentSamples.Web, AgentSamples.First));
            }
        };
        _bench.Settings(("motto", "two"));
        await LastAsync("web.0#1 joined", "web.0#1 left", "web.0#1 joined", "web.0#1 left");

        Task LastAsync(params string[] last) => Eventually.TrueAsync(
            () => _bench.Uses.Where(u => !u.Contains("solver", StringComparison.Ordinal)).SequenceEqual(last),
            $"{string.Join("; ", last)} is said");
    }

    [Fact]
    public async Task The_end_of_an_agent_lets_nobodys_files_leave()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        _bench.AddFile("web.hbs", "{{settings.motto}}", false);
        _bench.Settings(("motto", "one"));
        await _bench.RunAsync(AgentSamples.Assigned(s => s with
        {
            Templates = [new TemplateSpec("web.hbs", "web.conf", TemplateThen.Nothing)],
        }));
        await _bench.RestartAgentAsync();
        Assert.DoesNotContain("web.0#1 left", _bench.Uses);
    }
}
