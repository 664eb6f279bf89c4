using System.Collections.Immutable;
using Zurg.Agent.Templates;
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

    /// <summary>Its process goes by an older file than the one that is there, and nothing but its record says so.</summary>
    [Fact]
    public async Task One_that_was_adopted_before_its_restart_for_a_file_is_said_to_use_nothing_new()
    {
        var solver = new ServiceName("solver");
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        _bench.AddFile("web.hbs", "{{#each endpoints.solver}}{{ports.http}},{{/each}}", false);
        var assigned = AgentSamples.Assigned(s => s with
        {
            Templates = [new TemplateSpec("web.hbs", "web.conf", TemplateThen.Restart)],
        }) with { DependsOn = [solver] };
        _bench.Push(AgentSamples.Set("solver", 1, 9001));
        var (launch, process) = await _bench.RunAsync(assigned);
        await Eventually.TrueAsync(() => _bench.Uses.LastOrDefault() == "web.0#1 solver 1", "its first set is used");
        await _bench.PushWhenWatchedAsync(AgentSamples.Set("solver", 2, 9002));
        await _bench.NextAsync<AgentInput.TemplateChanged>();

        foreach (var file in Directory.GetFiles(_bench.Paths.Directory, $"{ConfigHistory.FileName}*"))
        {
            File.Delete(file);
        }

        await _bench.RestartAgentAsync();
        _bench.Uses.Clear();
        _bench.Hands.Observe(new AgentState
        {
            Host = new HostId("host1"),
            Instances = ImmutableSortedDictionary<InstanceId, InstanceState>.Empty.Add(AgentSamples.Web, new InstanceState
            {
                Assigned = assigned, Incarnation = AgentSamples.First, Phase = InstancePhase.Running, Since = default,
                Launch = launch, Process = process, Outdated = new OutdatedFile("web.conf", default),
            }),
        });
        _bench.Hands.Begin(new AgentEffect.Find(assigned, AgentSamples.First, process, launch));
        await _bench.NextAsync<AgentInput.Found>();
        await Eventually.TrueAsync(
            () => _bench.Configs.Newest(AgentSamples.Web, "web.conf") is not null, "the file is looked at");
        await _bench.PushWhenWatchedAsync(AgentSamples.Set("solver", 3, 9003));
        await _bench.NextAsync<AgentInput.TemplateChanged>();
        Assert.DoesNotContain(_bench.Uses, u => u.Contains("solver", StringComparison.Ordinal));
    }
}
