namespace Zurg.E2E;

/// <summary>What takes instances away at the same time shares one budget (DESIGN.md promise 6), as anybody sees it.</summary>
public sealed class BudgetTests
{
    [NeedsFact("python3")]
    public async Task A_rollout_and_the_emptying_of_a_host_end_both_and_nobody_is_ever_missing()
    {
        await using var held = await HeldCluster.StartAsync("{ canary: 1, batch: 1, bake: 200ms, ready_within: 10m }", "1", "2");
        await held.AddHostAsync("host2");
        await using var fewest = new FewestReady(held.Processes.Http, "web");

        // Both are in their middle at once: the canary starts, and so does who stands in for the first that moves.
        held.Hold("start-2");
        var rollout = held.Processes.ZurgAsync("rollout", "start", "web", "2", "--watch");
        await held.UntilAsync("the canary starts", s => s.Starts("web.3", "host1") || s.Starts("web.3", "host2"));
        var draining = held.Processes.ZurgAsync("drain", "host1");
        await held.UntilAsync("the host is being emptied", s => s.Cluster.Hosts.Any(h => h.Drained is not null));
        held.LetGo("start-2");

        var (went, emptied) = (await rollout.WaitAsync(HeldCluster.Soon), await draining.WaitAsync(HeldCluster.Soon));
        Assert.True(went.ExitCode == 0, $"{went}\n{held.Processes.Said}");
        Assert.True(emptied.ExitCode == 0, $"{emptied}\n{held.Processes.Said}");
        await held.EndsWithAsync("2");
        Assert.All((await held.SeeAsync()).Web.Instances, i => Assert.Equal("host2", i.Host.Value));
        Assert.InRange(await fewest.EndAsync(), 3, 4);
        Assert.True(fewest.Statuses > 10, $"{fewest.Statuses} statuses");
        Assert.All(
            held.Consumer.Seen.TrimEnd().Split('\n').SkipWhile(l => l != "web.0 web.1 web.2"),
            set => Assert.True(set.Split(' ').Length >= 3, held.Consumer.Seen));
    }
}
