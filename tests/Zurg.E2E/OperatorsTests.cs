using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// Two people start something at the same moment. One of them is first: the other one takes his place or is told, what runs is
/// what one of them wanted, and nobody who uses the service notices that they did not talk to each other.
/// </summary>
public sealed class OperatorsTests
{
    private const string Careful = "{ canary: 1, batch: 1, promote: manual, ready_within: 10m }";

    [NeedsFact("python3")]
    public async Task Of_two_changes_at_once_the_last_one_that_was_taken_is_what_runs()
    {
        await using var held = await HeldCluster.StartAsync(Careful, "1", "2", "3");
        var starts = await AtOnceAsync(held, ["rollout", "start", "web", "2"], ["rollout", "start", "web", "3"]);
        Assert.Contains(starts, s => s.ExitCode == 0);
        Assert.All(starts, s => Assert.True(IsTaken(s) || IsTold(s, ": this start is based on another one"), $"{s}"));
        var target = await TargetAsync(held);
        Assert.True(IsTaken(starts[target == "2" ? 0 : 1]), $"{target} though it was refused");
        await CanaryAsync(held, target);

        // One starts the other release while somebody applies a file: he has seen what is the newest now.
        var other = target == "2" ? "3" : "2";
        var before = (await held.SeeAsync()).Cluster.Spec;
        await File.WriteAllTextAsync(held.Processes.Shared("cluster.yaml"), held.Yaml(target, Careful, word: "changed"));
        var changes = await AtOnceAsync(
            held, ["rollout", "start", "web", other], ["apply", "--based-on", $"{before}", "--no-wait"]);
        Assert.True(IsTaken(changes[0]) || IsTold(changes[0], ": this start is based on another one"), $"{changes[0]}");
        Assert.True(changes[1].ExitCode == 0 || IsTold(changes[1], ": this apply is based on another one"), $"{changes[1]}");
        Assert.Contains(changes, c => c.ExitCode == 0);
        var text = await held.ZurgAsync("spec", "show");
        Assert.Equal(changes[1].ExitCode == 0, text.Contains("WORD: changed", StringComparison.Ordinal));
        Assert.Contains($"release: {(changes[0].ExitCode == 0 ? other : target)}\n", text, StringComparison.Ordinal);
        await CanaryAsync(held, changes[0].ExitCode == 0 ? other : target);

        // One says go, one says stop: it stops, whoever was first.
        var words = await AtOnceAsync(held, ["rollout", "abort", "web"], ["rollout", "promote", "web"]);
        Assert.True(
            words[0].ExitCode == 0 && words[0].Output.EndsWith("goes back to 1\n", StringComparison.Ordinal), $"{words[0]}");
        Assert.Matches(
            words[1].ExitCode == 0 ? "goes on to its next stage" : "was aborted by e2e: it goes back|e2e aborted it",
            words[1].ExitCode == 0 ? words[1].Output : words[1].Errors);
        await held.UntilAsync("it is taken back", s => s.Holds(HoldReason.RolledBack));
        await held.EndsWithAsync("1", converged: false);
    }

    [NeedsFact("python3")]
    public async Task Two_hosts_that_are_all_there_are_and_are_drained_at_once_serve_on()
    {
        await using var held = await HeldCluster.StartOnTwoAsync("{ bake: 0s, ready_within: 10m }", port => port, "1");
        await using var fewest = new FewestReady(held.Processes.Http, "web");
        var drains = await AtOnceAsync(held, ["drain", "host1", "--no-wait"], ["drain", "host2", "--no-wait"]);
        foreach (var (drain, host) in drains.Zip(["host1", "host2"]))
        {
            Assert.True(
                drain.ExitCode == 0 && drain.Output.StartsWith($"{host} is being emptied of ", StringComparison.Ordinal)
                    && drain.Output.EndsWith($", and gets nothing new until zurg undrain {host}\n", StringComparison.Ordinal),
                $"{drain}");
        }

        await held.UntilAsync("there is nowhere to go", s => s.Cluster.Holds.Any(h => h.Reason == HoldReason.NoHostFits
            && h.Text == $"{h.Instance} can neither stay on {h.Host} nor go elsewhere: {h.Host} is being emptied by e2e"
            && h.Mend == $"add a host that fits, or let it stay: zurg undrain {h.Host}"));
        await held.AnswersGrowAsync();

        await held.ZurgAsync("undrain", "host1");
        await held.UntilAsync("all are on host1", s => s.Web.Instances.All(i => i.Host.Value == "host1"));
        await held.EndsWithAsync("1");
        Assert.InRange(await fewest.EndAsync(), 4, 6);
    }

    private static async Task<Ran[]> AtOnceAsync(HeldCluster held, params string[][] lines) =>
        await Task.WhenAll(lines.Select(l => held.Processes.ZurgAsync(l))).WaitAsync(HeldCluster.Soon);

    private static bool IsTaken(Ran start) =>
        start.ExitCode == 0 && start.Output.StartsWith("web goes from ", StringComparison.Ordinal);

    private static bool IsTold(Ran ran, string text) => ran.ExitCode == 1
        && ran.Errors.Contains(", applied by e2e at ", StringComparison.Ordinal)
        && ran.Errors.Contains(text, StringComparison.Ordinal);

    private static async Task<string> TargetAsync(HeldCluster held) =>
        (await held.SeeAsync()).Web.Release!.Value.Version.Value;

    /// <summary>It goes to this release, and nothing runs but that and what it comes from.</summary>
    private static async Task CanaryAsync(HeldCluster held, string target)
    {
        await held.UntilAsync($"the canary has {target}", s => s.Change is { WaitsForPromotion: true, OnTargetReady: 1 }
            && s.Change.Rollout.To.Release.Version.Value == target && s.Change.Rollout.From.Release.Version.Value == "1");
        Assert.All(
            held.Running().Values, r => Assert.EndsWith(r.StartsWith("web.3 ", StringComparison.Ordinal) ? target : "1", r));
        await held.AnswersGrowAsync();
    }
}
