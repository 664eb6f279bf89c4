using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>A release on its way to a host, over a path that is slow, and broken by the death of who fetches.</summary>
public sealed class FetchTests
{
    private const int MiB = 1 << 20;
    private const int FileBytes = 4 * MiB;
    private const int Files = 3;
    private const int Kills = 2;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [NeedsFact("sleep")]
    public async Task An_agent_killed_in_the_middle_of_a_fetch_goes_on_from_there()
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartMasterAsync();
        await using var relay = new SlowRelay(cluster.MasterPort) { Rate = 2 * MiB };
        cluster.AgentMasterPort = relay.Port;
        var random = new Random(1);
        var files = Enumerable.Range(0, Files).Select(_ => new byte[FileBytes]).ToImmutableArray();
        files.ToList().ForEach(random.NextBytes);
        var big = files.Select((bytes, i) => (Path: string.Create(CultureInfo.InvariantCulture, $"big{i}"), bytes));
        Assert.True(await cluster.TryPushAsync(
            "large", "1", [.. big, ("run", Encoding.UTF8.GetBytes("#!/bin/sh\nexec sleep 10000\n"))]));
        Assert.NotNull(await cluster.TryApplyAsync($$"""
            cluster: e2e
            services:
              large: { release: 1, run: run, instances: 1, env: { E2E_MARK: {{cluster.Mark}} } }
            """));

        const long whole = (long)Files * FileBytes;
        for (var kill = 1; kill <= Kills; kill++)
        {
            cluster.StartAgent();
            var enough = whole * kill / (Kills + 1);
            await DevFixture.Until("a part of it has come", Soon, () => Task.FromResult(relay.Bytes >= enough));
            Assert.Empty(cluster.Marked());
            cluster.KillAgent();
        }

        var beforeLast = relay.Bytes;
        Assert.True(beforeLast < whole, $"{beforeLast} bytes had come before the last kill");
        relay.Rate = null;
        cluster.StartAgent();
        await DevFixture.Until(
            "it runs", Soon, async () => (await cluster.StatusAsync()).Converged && cluster.Marked().Count == 1);

        // What was on its way at each kill came twice; and there are sessions, the assignment and the manifest.
        Assert.InRange(relay.Bytes, whole, whole + MiB);
        var tree = Path.Combine(cluster.AgentDirectory, "releases/large/1");
        Assert.All(files.Index(), f => Assert.Equal(
            Digest.Of(f.Item),
            Digest.Of(File.ReadAllBytes(Path.Combine(tree, string.Create(CultureInfo.InvariantCulture, $"big{f.Index}"))))));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(cluster.AgentDirectory, "releases/.staging")));
        Assert.DoesNotContain("orrupt", cluster.Said, StringComparison.Ordinal);
    }

    [NeedsFact("python3")]
    public async Task Where_a_release_cannot_be_had_what_serves_runs_on_and_the_rollout_goes_on_once_it_can()
    {
        SlowRelay? relay = null;
        await using var held = await HeldCluster.StartOnTwoAsync(
            "{ canary: 0, batch: 1, bake: 0s, ready_within: 10m, max_unavailable: 1, surge: 0 }",
            port => (relay = new SlowRelay(port)).Port, "1", "2", "3");
        await using var passing = relay!;

        // Its session lives, and the bytes do not come.
        relay!.CutsReleases = true;
        await StandsOnHost2Async(
            held, from: "1", to: "2",
            $"release web@2 cannot be laid out: 127.0.0.1:{relay.Port} did not give it: the connection broke off");
        relay.CutsReleases = false;
        await held.EndsWithAsync("2");

        // Its disk takes nothing.
        var staging = Path.Combine(held.Processes.DirectoryOf("host2"), "releases/.staging");
        Directory.Delete(staging, recursive: true);
        await File.WriteAllTextAsync(staging, "");
        await StandsOnHost2Async(
            held, from: "2", to: "3", $"release web@3 cannot be laid out: Could not find a part of the path '{staging}/web@3");
        File.Delete(staging);
        await held.EndsWithAsync("3");
    }

    /// <summary>A rollout is begun, and ends on one of two hosts.</summary>
    private static async Task StandsOnHost2Async(HeldCluster held, string from, string to, string why)
    {
        var before = held.Processes.MarkedOn("host2").Order().ToImmutableArray();
        Assert.Equal(2, before.Length);
        await held.ZurgAsync("rollout", "start", "web", to);
        await held.UntilAsync($"host1 runs {to}, host2 waits for it", s => s.Phase == RolloutPhase.Running
            && s.Web.Instances.All(i => i.Status?.Release.Version.Value == (i.Host.Value == "host1" ? to : from))
            && s.Web.Ready == 4 && s.Holds(HoldReason.WaitsForPrepare, $"goes on as it is until host2 has {to} ready: {why}"));
        await held.AnswersGrowAsync();
        Assert.Equal(before, held.Processes.MarkedOn("host2").Order());
    }
}
