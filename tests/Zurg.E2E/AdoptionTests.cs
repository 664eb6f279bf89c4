using System.Diagnostics;
using Xunit.Abstractions;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// What runs outlives its agent, and the next one takes it back (DESIGN.md promise 5): however often, at whatever moment, with
/// its journal, with half of it, and with none.
/// </summary>
public sealed class AdoptionTests(ITestOutputHelper output)
{
    private const int Kills = 100;
    private const int RestartEvery = 9;
    private const int SteadyCount = 3;
    private static readonly TimeSpan LifeMax = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan AwayMax = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    /// <summary>How far it gets before its last moments: launched, listening, journal read, adopted, at work.</summary>
    private static readonly string[] Milestones =
        ["", "local socket", "in its journal", "ran on while its agent was away", "crashing.0: started", "In session with"];

    /// <summary>Whoever finds the lock of its instance taken is a second one, and says so where the test looks.</summary>
    private const string Lock = """
        exec 9>>"$E2E_SHARED/$ZURG_INSTANCE.lock"
        flock -n 9 || echo "$ZURG_INCARNATION" >>"$E2E_SHARED/doubles"

        """;

    /// <summary>Makes a journal one of another boot.</summary>
    private const string OtherBoot = """
        import sqlite3, sys
        boot = open("/proc/sys/kernel/random/boot_id").read().strip()
        with sqlite3.connect(sys.argv[1]) as journal:
            changed = journal.execute(
                "UPDATE instances SET json = replace(json, ?, '00000000-0000-0000-0000-000000000000') WHERE instr(json, ?)",
                (boot, boot)).rowcount
            journal.execute("UPDATE counters SET value = 1 WHERE name = 'boot'")
        sys.exit(0 if changed > 3 else 1)
        """;

    [NeedsFact("python3", "flock", "sleep")]
    public async Task An_agent_killed_a_hundred_times_loses_no_process_no_line_and_doubles_nothing()
    {
        var seed = RunSeed.Of(output);
        var random = new Random(seed);
        await using var cluster = new ProcessCluster();
        await cluster.StartMasterAsync();
        cluster.StartAgent();
        await BeginAsync(cluster);
        var steady = await SteadyAsync(cluster);

        // The first agent has adopted nothing: only its successors reach every milestone.
        cluster.KillAgent();
        cluster.StartAgent();
        for (var kill = 1; kill <= Kills; kill++)
        {
            // A moment by the clock alone would, on a busy machine, always be one before its first words.
            await cluster.AgentSaysAsync(Milestones[random.Next(Milestones.Length)]);
            await Task.Delay(random.Next((int)LifeMax.TotalMilliseconds));
            if (kill % RestartEvery == 0)
            {
                using var asked = await cluster.Http.PostAsync(
                    new Uri($"/v1/services/{(kill % 2 == 0 ? "restless" : "crashing")}/restart", UriKind.Relative), null);
                Assert.True(asked.IsSuccessStatusCode, $"{asked.StatusCode}");
            }

            cluster.KillAgent();
            foreach (var (instance, process) in steady)
            {
                var now = CountingService.StartOf(process.Pid);
                Assert.True(process == now, $"seed {seed}, kill {kill}: {instance} is not what it was");
            }

            Assert.False(File.Exists(cluster.Shared("doubles")), $"seed {seed}, kill {kill}: two of one instance at once");
            await Task.Delay(random.Next((int)AwayMax.TotalMilliseconds));
            cluster.StartAgent();
        }

        await cluster.AgentSaysAsync("In session with");
        await ReadyAsync(cluster);
        Assert.False(File.Exists(cluster.Shared("doubles")), $"seed {seed}: two of one instance at once");
        Assert.Equal(steady, await SteadyAsync(cluster));
        var status = await cluster.StatusAsync();
        foreach (var counter in CountersOf(status))
        {
            Assert.Equal((0, null), (counter.Status!.Crashes, counter.Status.LastExit));
            await CountingService.CheckLinesAsync(cluster, counter.Instance, atLeast: 1000);
        }

        var crashing = status.Services.Single(s => s.Service.Value == "crashing").Instances.First().Status!;
        Assert.NotNull(crashing.LastExit);
        output.WriteLine($"{crashing.Crashes} crashes of {crashing.Instance}, the last: {crashing.LastExit.Reason}");
        await cluster.EmptyAsync();
    }

    [NeedsTheory("python3", "flock", "sleep")]
    [InlineData("wiped")]
    [InlineData("cut")]
    public async Task An_agent_whose_journal_is_gone_keeps_what_runs_what_is_assigned_and_starts_no_second_one(string how)
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartMasterAsync();
        cluster.StartAgent();

        // READY=1 was said once, to the agent that dies, and every counter is younger than its start may take.
        await BeginAsync(cluster, startTimeout: "1h");
        var steady = await SteadyAsync(cluster);
        cluster.KillAgent();
        var killedAt = TimeProvider.System.GetUtcNow();
        if (how == "wiped")
        {
            Directory.Delete(cluster.AgentDirectory, recursive: true);
        }
        else
        {
            await CutAsync(Path.Combine(cluster.AgentDirectory, "journal.db"));
        }

        cluster.StartAgent();
        await cluster.AgentSaysAsync("ran on without being in it");
        foreach (var instance in steady.Keys)
        {
            await cluster.AgentSaysAsync($"{instance}: adopted");
        }

        // By the word of the new agent, not by what the master knew from the old one.
        await DevFixture.Until("the new agent has reported", Soon, async () =>
            CountersOf(await cluster.StatusAsync()).All(c => c.Status?.Since > killedAt));
        await ReadyAsync(cluster);
        Assert.Equal(steady, await SteadyAsync(cluster));
        Assert.False(File.Exists(cluster.Shared("doubles")), "two of one instance at once");
        if (how == "cut")
        {
            await cluster.AgentSaysAsync("the journal was damaged");
            Assert.True(File.Exists(Path.Combine(cluster.AgentDirectory, "journal.db.broken-1")));
        }

        // Known again: the next one needs no search, and their ends are theirs.
        cluster.KillAgent();
        cluster.StartAgent();
        await cluster.AgentSaysAsync("7 instances in its journal");
        await cluster.AgentSaysAsync("In session with");
        await ReadyAsync(cluster);
        Assert.Equal(steady, await SteadyAsync(cluster));
        await cluster.EmptyAsync();
    }

    [NeedsFact("python3", "flock", "sleep")]
    public async Task After_a_reboot_an_agent_without_a_master_starts_its_last_assignment_and_adopts_nothing()
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartMasterAsync();
        cluster.StartAgent();
        await BeginAsync(cluster);
        var steady = await SteadyAsync(cluster);
        cluster.KillAgent();
        cluster.KillMaster();

        // As if written in another boot: what has its pids and start times now is something else.
        using (var rewrite = Process.Start("python3", ["-c", OtherBoot, Path.Combine(cluster.AgentDirectory, "journal.db")]))
        {
            await rewrite.WaitForExitAsync();
            Assert.Equal(0, rewrite.ExitCode);
        }

        cluster.StartAgent();
        await DevFixture.Until("every counter runs anew", Soon, () => Task.FromResult(
            steady.Values.All(old => old != CountingService.StartOf(old.Pid)) && CountersRunning(cluster) == SteadyCount));
        await cluster.AgentSaysAsync("it ended with its host, which was started anew");
        Assert.DoesNotContain("counter.0: adopted", cluster.Said, StringComparison.Ordinal);
        await cluster.StartMasterAsync();
        await ReadyAsync(cluster);
        Assert.All(CountersOf(await cluster.StatusAsync()), c => Assert.Equal(0, c.Status!.Crashes));
        await cluster.EmptyAsync();
    }

    /// <summary>All of it in one file, and the second half of that missing.</summary>
    private static async Task CutAsync(string journal)
    {
        using var whole = Process.Start(
            "python3", ["-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM')", journal]);
        await whole.WaitForExitAsync();
        Assert.False(File.Exists(journal + "-wal"));
        await using var file = File.Open(journal, FileMode.Open);
        Assert.True(file.Length > 16 * 1024, $"{file.Length}");
        file.SetLength(file.Length / 2);
    }

    private static int CountersRunning(ProcessCluster cluster) =>
        cluster.Marked().Values.Count(command => command.Contains("line %d", StringComparison.Ordinal));

    private static IEnumerable<PlacedInstance> CountersOf(ClusterStatus status) =>
        status.Services.Single(s => s.Service.Value == "counter").Instances;

    private static async Task BeginAsync(ProcessCluster cluster, string startTimeout = "60s")
    {
        var counter = $"#!/bin/sh\n{Lock}exec python3 -u -c '{CountingService.Program}'\n";
        Assert.True(await cluster.TryPushAsync("counter", "1", counter));
        Assert.True(await cluster.TryPushAsync("crashing", "1", $"#!/bin/sh\n{Lock}sleep 0.03\nexit 3\n"));
        Assert.True(await cluster.TryPushAsync("restless", "1", $"#!/bin/sh\n{Lock}exec sleep 10000\n"));
        var env = $"env: {{ E2E_MARK: {cluster.Mark}, E2E_SHARED: {cluster.Shared("")} }}";
        Assert.NotNull(await cluster.TryApplyAsync($$"""
            cluster: e2e
            services:
              counter:
                release: 1
                run: run
                instances: {{SteadyCount}}
                probe: { notify: true, start_timeout: {{startTimeout}} }
                {{env}}
              crashing:
                release: 1
                run: run
                instances: 2
                {{env}}
                restart: { delay: 50ms, max_delay: 200ms, window: 10m, attempts: 10000 }
              restless: { release: 1, run: run, instances: 2, {{env}}, stop: { grace: 1s } }
            """));
        await ReadyAsync(cluster);
    }

    /// <summary>All that can be: what crashes in a loop never is.</summary>
    private static Task ReadyAsync(ProcessCluster cluster) => DevFixture.Until("all but the crashing are ready", Soon, async () =>
    {
        var status = await cluster.StatusAsync();
        var ready = status.Services.Where(s => s.Service.Value != "crashing").ToList();
        return ready.Count == 2 && ready.TrueForAll(s => s.Ready == s.Wanted)
            && ready.SelectMany(s => s.Instances).All(i => i.Status?.Pid is { } pid && Directory.Exists($"/proc/{pid}"))
            && status.Hosts.Single().Session == HostSession.Connected;
    });

    private static async Task<SortedDictionary<string, (int Pid, string Ticks)>> SteadyAsync(ProcessCluster cluster)
    {
        var counters = CountersOf(await cluster.StatusAsync()).ToList();
        Assert.Equal(SteadyCount, counters.Count);
        var starts = counters.ToDictionary(i => i.Instance.Value, i => CountingService.StartOf(i.Status!.Pid!.Value));
        return new(starts, StringComparer.Ordinal);
    }
}
