using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Xunit.Abstractions;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>kill -9 of masters and agents at moments that nobody chose (DESIGN.md promise 5: it survives itself).</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int MasterRounds = 5;
    private const int AgentRounds = 5;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_a_master_acknowledged_before_it_was_killed_is_there_afterwards()
    {
        var random = Seeded();
        await using var cluster = new ProcessCluster();
        var specs = new ConcurrentDictionary<SpecNumber, string>();
        var releases = new ConcurrentDictionary<string, string>();
        await cluster.StartMasterAsync();
        for (var round = 0; round < MasterRounds; round++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"r{round}");
            var before = specs.Count + releases.Count;
            var writers = Task.WhenAll(ApplyAsync(cluster, name, specs), PushAsync(cluster, name, releases));
            await DevFixture.Until(
                "something is acknowledged", Soon, () => Task.FromResult(specs.Count + releases.Count > before));
            await Task.Delay(random.Next(500));
            cluster.KillMaster();
            await writers;
            await cluster.StartMasterAsync();

            // Each round's words, and those of every round before.
            foreach (var (number, yaml) in specs)
            {
                var spec = await GetAsync(cluster, $"/v1/specs/{number}");
                Assert.Equal(yaml, JsonSerializer.Deserialize(spec, WireJson.Default.AppliedSpec)!.Text);
            }

            foreach (var (version, content) in releases)
            {
                var manifest = await GetAsync(cluster, $"/v1/releases/app/{version}/manifest");
                var file = JsonSerializer.Deserialize(manifest, WireJson.Default.ReleaseManifest)!.Files.Single();
                Assert.Equal(content, await GetAsync(cluster, $"/v1/artifacts/{file.Digest}"));
            }
        }

        output.WriteLine($"{specs.Count} applies and {releases.Count} pushes were acknowledged and kept");
    }

    [NeedsFact("sleep")]
    public async Task An_agent_killed_while_its_instances_die_and_are_restarted_adopts_all_and_doubles_none()
    {
        var random = Seeded();
        await using var cluster = new ProcessCluster();
        await cluster.StartMasterAsync();
        cluster.StartAgent();
        Assert.True(await cluster.TryPushAsync("steady", "1", "#"));
        Assert.NotNull(await cluster.TryApplyAsync($$"""
            cluster: e2e
            services:
              steady: { release: steady@1, run: /bin/sleep, args: ['10001'], instances: 4, env: { E2E_MARK: {{cluster.Mark}} } }
              restless:
                release: steady@1
                run: /bin/sleep
                args: ['10002']
                instances: 6
                env: { E2E_MARK: {{cluster.Mark}} }
                restart: { delay: 10ms, max_delay: 50ms, window: 10m, attempts: 1000 }
            """));
        await ReadyAsync(cluster);
        var steady = PidsOf(cluster, "10001");
        for (var round = 0; round < AgentRounds; round++)
        {
            for (var victims = random.Next(1, 6); victims > 0; victims--)
            {
                if (PidsOf(cluster, "10002") is [_, ..] alive)
                {
                    ProcessCluster.KillPid(alive[random.Next(alive.Length)]);
                }

                await Task.Delay(random.Next(20));
            }

            cluster.KillAgent();
            await Task.Delay(random.Next(100));
            cluster.StartAgent();
            await Task.Delay(random.Next(800));
        }

        await ReadyAsync(cluster);
        Assert.Equal(steady, PidsOf(cluster, "10001"));
        var status = await cluster.StatusAsync();
        var said = status.Services.SelectMany(s => s.Instances).Select(i => i.Status!.Pid!.Value).Order();
        Assert.Equal(said, cluster.Marked().Keys.Order());

        // None is beyond the agent's reach: an empty spec ends them all.
        await cluster.EmptyAsync();
    }

    private Random Seeded() => new(RunSeed.Of(output));

    private static async Task ApplyAsync(
        ProcessCluster cluster, string round, ConcurrentDictionary<SpecNumber, string> acknowledged)
    {
        for (var i = 0; ; i++)
        {
            var word = string.Create(CultureInfo.InvariantCulture, $"{round}-{i}");
            var yaml = $"cluster: e2e\nservices: {{}}\nsettings: {{ word: '{word}' }}\n";
            if (await cluster.TryApplyAsync(yaml) is not { } number)
            {
                return;
            }

            Assert.True(acknowledged.TryAdd(number, yaml), $"spec {number} was acknowledged twice");
        }
    }

    private static async Task PushAsync(ProcessCluster cluster, string round, ConcurrentDictionary<string, string> acknowledged)
    {
        for (var i = 0; ; i++)
        {
            var version = $"1.0.0-{round}.{i.ToString(CultureInfo.InvariantCulture)}";
            if (!await cluster.TryPushAsync("app", version, $"content of {version}"))
            {
                return;
            }

            acknowledged[version] = $"content of {version}";
        }
    }

    private static Task ReadyAsync(ProcessCluster cluster) => DevFixture.Until("all are ready", Soon, async () =>
    {
        var status = await cluster.StatusAsync();
        var pids = status.Services.SelectMany(s => s.Instances).Select(i => i.Status?.Pid).ToList();
        return status.Converged && pids.Count == 10 && pids.TrueForAll(p => p is { } pid && Directory.Exists($"/proc/{pid}"));
    });

    private static int[] PidsOf(ProcessCluster cluster, string argument) =>
        [.. cluster.Marked().Where(p => p.Value.EndsWith(argument, StringComparison.Ordinal)).Select(p => p.Key).Order()];

    private static Task<string> GetAsync(ProcessCluster cluster, string path) =>
        cluster.Http.GetStringAsync(new Uri(path, UriKind.Relative));
}
