using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>An agent is replaced by one of a newer build (docs/operations.md): nothing that runs notices.</summary>
public sealed class UpgradeTests
{
    private const int Counters = 2;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [NeedsTheory("python3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_newer_build_takes_over_what_runs_and_no_line_is_lost(bool politely)
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartMasterAsync();
        cluster.StartAgent();
        Assert.True(await cluster.TryPushAsync("counter", "1", $"#!/bin/sh\nexec python3 -u -c '{CountingService.Program}'\n"));
        Assert.NotNull(await cluster.TryApplyAsync($$"""
            cluster: e2e
            services:
              counter:
                release: 1
                run: run
                instances: {{Counters}}
                probe: { notify: true }
                env: { E2E_MARK: {{cluster.Mark}} }
            """));
        var before = await ReadyAsync(cluster, _ => true);
        var processes = before.ToDictionary(i => i.Instance, i => CountingService.StartOf(i.Status!.Pid!.Value));
        using var newer = new NewerBuild(cluster.AgentPid);

        if (politely)
        {
            await cluster.StopAgentAsync();
        }
        else
        {
            cluster.KillAgent();
        }

        Assert.All(processes.Values, p => Assert.Equal(p, CountingService.StartOf(p.Pid)));
        cluster.AgentProgram = newer.Program;
        cluster.StartAgent(("DOTNET_ROOT", DotnetRoot));
        await cluster.AgentSaysAsync("In session with");
        var after = await ReadyAsync(cluster, h => h.Description.Build.StartsWith(NewerBuild.Version, StringComparison.Ordinal));

        // The same processes in the same lives, never ended and never restarted.
        Assert.Equal(processes, after.ToDictionary(i => i.Instance, i => CountingService.StartOf(i.Status!.Pid!.Value)));
        Assert.Equal(before.Select(i => i.Status!.Incarnation), after.Select(i => i.Status!.Incarnation));
        Assert.All(after, i => Assert.Equal((0, null), (i.Status!.Crashes, i.Status.LastExit)));
        var hosts = await cluster.ZurgAsync("hosts", "host1");
        Assert.Contains($"build {NewerBuild.Version}", hosts.Output, StringComparison.Ordinal);
        var lines = new Dictionary<InstanceId, int>();
        foreach (var instance in processes.Keys)
        {
            lines[instance] = await CountingService.CheckLinesAsync(cluster, instance, atLeast: 100);
        }

        // They are the newer one's now: it reads on, and what ends is started again. Before Linux 6.15 a process 1 that reaps at
        // once may take the signal with it.
        ProcessCluster.KillPid(processes[after[0].Instance].Pid);
        await DevFixture.Until("it is restarted", Soon, async () =>
            (await ReadyAsync(cluster, _ => true))[0].Status is { Crashes: 1, LastExit: { Code: null, Signal: 9 or null } });
        Assert.True(await CountingService.CheckLinesAsync(cluster, after[1].Instance, lines[after[1].Instance]) > 0);
    }

    /// <summary>What a program that is not run by the launcher needs, where .NET is not installed in a usual place.</summary>
    private static string DotnetRoot => Path.GetFullPath(
        Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    private static async Task<List<PlacedInstance>> ReadyAsync(ProcessCluster cluster, Func<HostStatus, bool> isHost)
    {
        List<PlacedInstance> counters = [];
        await DevFixture.Until("the counters are ready", Soon, async () =>
        {
            var status = await cluster.StatusAsync();
            counters = [.. status.Services.SelectMany(s => s.Instances)];
            return status.Converged && counters.Count == Counters
                && counters.TrueForAll(i => i.Status?.Pid is { } pid && Directory.Exists($"/proc/{pid}"))
                && status.Hosts.Single() is { Session: HostSession.Connected } host && isHost(host);
        });
        return counters;
    }
}
