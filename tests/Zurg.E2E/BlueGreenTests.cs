using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// Two whole sides under load, one of which serves: there, back, there again and for good. The servers themselves witness who
/// accepted what and when, and direct clients, which know no naming, find whoever answers though it should not.
/// </summary>
public sealed class BlueGreenTests
{
    private const string Strict = "keep: 1h, strict: true";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [NeedsFact("python3")]
    public async Task Strict_no_two_releases_ever_answer_at_the_same_time_and_without_it_they_do()
    {
        await using var held = await HeldCluster.StartAsync(WitnessServer.Service("keep: 1h"), "1", "2");
        await using var direct = new DirectLoad();
        direct.Meet((await held.SeeAsync()).Web, "1");
        var old = held.Pids("1");
        await OverlapsWithoutStrictAsync(held, direct);

        Assert.NotNull(await held.Processes.TryApplyAsync(held.Yaml("1", WitnessServer.Update(Strict))));
        await held.UntilAsync("nothing is left to do", s => s.Cluster.Converged);
        Assert.Equal(old, held.Pids("1"));
        WitnessServer.Forget(held.Processes);
        await held.AnswersGrowAsync();

        await SwitchAsync(held, direct);
        await direct.UntilRefusedAsync("1");
        await BackWithOneFrozenAsync(held, direct);
        await ThereWithOneFrozenAsync(held, direct);
        Assert.Equal(old, held.Pids("1"));

        await held.ZurgAsync("rollout", "promote", "web");
        await held.EndsWithAsync("2");
        direct.Meet((await held.SeeAsync()).Web, "2");
        await direct.UntilAnsweredAsync("2");
        Assert.Empty(direct.Failed);
        WitnessServer.AssertTurns(held.Processes, "1", "2", "1", "2");
    }

    [NeedsFact("python3")]
    public async Task A_service_that_cannot_be_told_serves_on_by_its_old_side_and_the_hold_says_why()
    {
        var service = new HeldService(WitnessServer.Update(Strict)) { Instances = 2 };
        await using var held = await HeldCluster.StartAsync(service, "1", "2");
        await held.ZurgAsync("rollout", "start", "web", "2");
        await held.UntilAsync("the hold says why", s => s.Web.Ready == 4 && s.Holds(
            HoldReason.WaitsForOtherSide,
            "the old side of web serves on: web.0 on host1 cannot be told, since it says nothing to its agent"));
        await held.AnswersGrowAsync();
        var (_, web) = await held.SeeAsync();
        Assert.Null(web.Rollout!.Rollout.ClosedAt);
        Assert.All(web.Instances, i => Assert.Null(i.Refuse));

        await held.ZurgAsync("rollout", "abort", "web");
        await held.UntilAsync("it is taken back", s => s.Holds(HoldReason.RolledBack));
        await held.EndsWithAsync("1", converged: false);
        Assert.Equal(["1"], held.Load.Answers.Keys);
    }

    /// <summary>While nothing ran nobody was there to say that it cannot be told, and the switch was made.</summary>
    [NeedsFact("python3")]
    public async Task Nor_is_it_switched_when_all_of_it_is_stopped_and_started_again()
    {
        var service = new HeldService(WitnessServer.Update(Strict)) { Instances = 2 };
        await using var held = await HeldCluster.StartAsync(service, "1", "2");
        await held.ZurgAsync("rollout", "start", "web", "2");
        await held.UntilAsync("the hold says why", CannotBeTold);

        await held.ZurgAsync("stop", "web");
        await held.UntilAsync("nothing runs", s => s.Web.Ready == 0);
        await held.ZurgAsync("start", "web");
        await held.UntilAsync("the hold is there again", CannotBeTold);
        var (_, web) = await held.SeeAsync();
        Assert.Null(web.Rollout!.Rollout.ClosedAt);
        Assert.Equal(["1"], held.Load.Answers.Keys);

        static bool CannotBeTold(Sight s) =>
            s.Web.Ready == 4 && s.Holds(HoldReason.WaitsForOtherSide, "web.0 on host1 cannot be told");
    }

    /// <summary>The control arm: who would not find this overlap would find none.</summary>
    private static async Task OverlapsWithoutStrictAsync(HeldCluster held, DirectLoad direct)
    {
        await SwitchAsync(held, direct);
        await direct.UntilAnsweredAsync("1");
        await held.ZurgAsync("rollout", "abort", "web");
        await AnswersAsync(held, "1");
        await TakenBackAsync(held, direct);
        Assert.Equal((0, 0), (direct.Refused("1"), direct.Refused("2")));
        Assert.NotNull(WitnessServer.Overlap(WitnessServer.Sides(held.Processes)));
    }

    /// <summary>One of the new side hears nothing while it is to refuse: nobody of the old one answers before it does.</summary>
    private static async Task BackWithOneFrozenAsync(HeldCluster held, DirectLoad direct)
    {
        var frozen = held.Pids("2")[0];
        await ProcessCluster.SignalAsync(frozen, "STOP");
        await held.ZurgAsync("rollout", "abort", "web");
        await WaitsForAsync(held, "the old side of web waits until the new one refuses", frozen);
        await direct.UntilRefusedAsync("2");
        await direct.UntilRefusedAsync("1");
        Assert.Equal("2", WitnessServer.Sides(held.Processes)[^1].Release);

        await ProcessCluster.SignalAsync(frozen, "CONT");
        await AnswersAsync(held, "1");
        await direct.UntilAnsweredAsync("1");
        await TakenBackAsync(held, direct);
    }

    /// <summary>The same on the way there: that the old side refused the first time proves nothing now.</summary>
    private static async Task ThereWithOneFrozenAsync(HeldCluster held, DirectLoad direct)
    {
        var frozen = held.Pids("1")[0];
        await ProcessCluster.SignalAsync(frozen, "STOP");
        await held.ZurgAsync("rollout", "start", "web", "2");
        await WaitsForAsync(held, "the new side of web waits until the old one refuses", frozen);
        await direct.UntilRefusedAsync("1");
        Assert.Equal("1", WitnessServer.Sides(held.Processes)[^1].Release);

        await ProcessCluster.SignalAsync(frozen, "CONT");
        await SwitchedAsync(held, direct);
    }

    private static Task WaitsForAsync(HeldCluster held, string what, int frozen)
    {
        var instance = held.Running()[frozen].Split(' ')[0];
        return held.UntilAsync(
            what, s => s.Holds(HoldReason.WaitsForOtherSide, $"{what}: {instance} on host1 has not said so yet"));
    }

    private static async Task SwitchAsync(HeldCluster held, DirectLoad direct)
    {
        await held.ZurgAsync("rollout", "start", "web", "2");
        await SwitchedAsync(held, direct);
    }

    private static async Task SwitchedAsync(HeldCluster held, DirectLoad direct)
    {
        await held.UntilAsync(
            "the new side serves", s => s.Change.Rollout is { Phase: RolloutPhase.Running, SwitchedAt: not null });
        direct.Meet((await held.SeeAsync()).Web, "2");
        await AnswersAsync(held, "2");
        await direct.UntilAnsweredAsync("2");
    }

    private static async Task TakenBackAsync(HeldCluster held, DirectLoad direct)
    {
        await held.UntilAsync("it is taken back", s => s.Holds(HoldReason.RolledBack));
        await held.EndsWithAsync("1", converged: false);
        await direct.LeaveAsync("2");
    }

    /// <summary>Who asks naming is answered by this release.</summary>
    private static async Task AnswersAsync(HeldCluster held, string release)
    {
        int Of() => held.Load.Answers.GetValueOrDefault(release);
        var before = Of();
        await DevFixture.Until($"{release} answers who asks naming", Soon, () => Task.FromResult(Of() > before + 20));
    }
}
