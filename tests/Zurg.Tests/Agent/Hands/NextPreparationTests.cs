using System.Collections.Immutable;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Hands;

public sealed class NextPreparationTests : IAsyncLifetime
{
    private readonly HandsBench _bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task Beside_a_running_instance_nothing_of_it_is_touched()
    {
        _bench.AddFile("run", "#!/bin/sh\nexec sleep 60\n");
        _bench.AddFile("a.hbs", "{{instance}}", executable: false);
        var template = new TemplateSpec("a.hbs", "a.conf", TemplateThen.Restart);
        var assigned = AgentSamples.Assigned(s => s with { Ports = AgentSamples.Specs(("http", null)), Templates = [template] });
        var (launch, process) = await _bench.RunAsync(assigned);
        var directory = _bench.Paths.Instance(AgentSamples.Web);
        await File.WriteAllTextAsync(Path.Combine(directory, "kept"), "by what runs");
        var written = File.GetLastWriteTimeUtc(Path.Combine(directory, "a.conf"));

        // The port is fixed and taken: by the very instance that gives it up.
        var port = launch.Ports[AgentSamples.Http];
        var next = AgentSamples.Assigned(s => s with
        {
            Args = ["new"],
            Ports = AgentSamples.Specs(("http", port)),
            Templates = [template with { To = "b.conf" }],
        });
        Assert.Null(await CheckAsync(next));
        Assert.Equal(["a.conf", "kept"], Directory.GetFiles(directory).Select(Path.GetFileName).Order());
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(directory, "a.conf")));
        Assert.True(ProcessStat.IsAlive(process));
    }

    /// <summary>Of an instance that is placed in the middle of a rollout both are asked for at once.</summary>
    [Fact]
    public async Task What_was_never_started_here_lacks_no_directory_of_its_own()
    {
        _bench.AddFile("run", "#!/bin/sh\nexec sleep 60\n");
        Assert.False(Directory.Exists(_bench.Paths.Instance(AgentSamples.Web)));
        Assert.Null(await CheckAsync(AgentSamples.Assigned()));
    }

    [Fact]
    public async Task Whatever_its_start_would_stumble_over_is_said_before()
    {
        _bench.AddFile("run", "#!/bin/sh\nexec sleep 60\n");
        await _bench.RunAsync(AgentSamples.Assigned());
        (HoldReason Reason, string Text, Func<InstanceSpec, InstanceSpec> Change)[] cases =
        [
            (HoldReason.ExecutableMissing, "bin/none", s => s with { Run = "bin/none" }),
            (HoldReason.TemplateFailed, "no file a.hbs", s => s with { Templates = [new("a.hbs", "a", TemplateThen.Nothing)] }),
            (HoldReason.SpawnFailed, "/no/such/place", s => s with { WorkingDirectory = "/no/such/place" }),
            (HoldReason.NotUnderstood, "${moon}", s => s with { Args = ["${moon}"] }),
        ];
        foreach (var (reason, text, change) in cases)
        {
            var hold = await CheckAsync(AgentSamples.Assigned(change));
            Assert.Equal(reason, hold?.Reason);
            Assert.Contains(text, hold!.Text, StringComparison.Ordinal);
            Assert.NotNull(hold.Mend);
        }

        var unsigned = AgentSamples.Assigned() with
        {
            Signing = new SigningTerms(ImmutableSortedDictionary<string, string>.Empty.Add("ci", "key"), []),
        };
        Assert.Equal(HoldReason.ReleaseUnsigned, (await CheckAsync(unsigned))!.Reason);

        _bench.ReleaseHold = new Hold(HoldReason.ReleaseUnavailable, "not pushed");
        Assert.Same(_bench.ReleaseHold, await CheckAsync(AgentSamples.Assigned()));
    }

    private async Task<Hold?> CheckAsync(AssignedInstance next)
    {
        _bench.Hands.Begin(new AgentEffect.PrepareNext(next, Digest.Of("release"u8)));
        var told = await _bench.NextAsync<AgentInput.NextChecked>();
        Assert.Equal((AgentSamples.Web, next.SpecDigest, Digest.Of("release"u8)), (told.Instance, told.Spec, told.Release));
        return told.Hold;
    }
}
