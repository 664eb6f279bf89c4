using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// A release that starts and is no good all the same: it never answers its probe, or it gets ready and does not stay so. People
/// are told which instance and why in one sentence, and nobody who uses the service notices.
/// </summary>
public sealed class RolloutFaultTests
{
    [NeedsFact("python3")]
    public async Task What_never_gets_ready_or_does_not_stay_so_is_taken_back()
    {
        await using var held = await HeldCluster.StartAsync("{ canary: 1, batch: 1, bake: 1h, ready_within: 3s }", "1", "2");
        var before = held.Running();
        held.Hold("mute-2");
        await EndsAsync(held, "was taken back, all run 1 again: web.3 on host1 was not ready with 2 within 3 s");
        await held.EndsWithAsync("1", converged: false);

        held.LetGo("mute-2");
        held.Hold("flap-2");
        await EndsAsync(held, "was taken back, all run 1 again: web.3 on host1 is not ready with 2: its probe fails: ");
        await held.EndsWithAsync("1", converged: false);

        // It was a spare one each time, so nobody else was touched, and those that serve are who they were.
        Assert.Equal(before, held.Running());
        Assert.Equal(["1", "2"], held.Load.Answers.Keys.Order());
    }

    [NeedsFact("python3")]
    public async Task With_rollback_manual_it_stays_halted_whatever_it_does_until_a_person_takes_it_back()
    {
        await using var held = await HeldCluster.StartAsync(
            "{ canary: 1, batch: 1, bake: 1h, ready_within: 3s, rollback: manual, max_unavailable: 1, surge: 0 }", "1", "2");
        var before = held.Running();
        held.Hold("mute-2");
        await EndsAsync(held, "is halted: web.0 on host1 was not ready with 2 within 3 s");
        Assert.True((await held.SeeAsync()).Holds(HoldReason.RolloutHalted, "was not ready with 2 within 3 s"));

        // Late is late: that it gets ready after all lets nothing on, and neither does what comes then.
        held.LetGo("mute-2");
        await held.UntilAsync("it is ready", s => IsHalted(s) && s.Change.OnTargetReady == 1);
        held.Hold("flap-2");
        await held.UntilAsync("its probe fails", s => IsHalted(s) && s.Change.OnTargetReady == 0);
        await held.UntilAsync("its probe passes again", s => IsHalted(s) && s.Change.OnTargetReady == 1);
        Assert.Equal(before.RemoveRange(OfFirst(before)), held.Running().RemoveRange(OfFirst(held.Running())));

        Assert.EndsWith("goes back to 1\n", await held.ZurgAsync("rollout", "abort", "web"), StringComparison.Ordinal);
        await held.UntilAsync("it is taken back", s => s.Holds(HoldReason.RolledBack));
        await held.EndsWithAsync("1", converged: false);

        await EndsAsync(held, "is halted: web.0 on host1 is not ready with 2: its probe fails: ");
        await held.UntilAsync("its probe passes again", s => IsHalted(s) && s.Change.OnTargetReady == 1);
        await held.ZurgAsync("rollout", "abort", "web");
        await held.UntilAsync("it is taken back", s => s.Holds(HoldReason.RolledBack));
        await held.EndsWithAsync("1", converged: false);
    }

    /// <summary>Watched to its end, which is none that anybody wished for.</summary>
    private static async Task EndsAsync(HeldCluster held, string says)
    {
        var ran = await held.Processes.ZurgAsync("rollout", "start", "web", "2", "--watch").WaitAsync(HeldCluster.Soon);
        Assert.True(ran.ExitCode == 1, $"{ran}\n{held.Processes.Said}");
        Assert.Contains(says, ran.Errors, StringComparison.Ordinal);
    }

    private static bool IsHalted(Sight sight) => sight.Phase == RolloutPhase.Halted && sight.Change.Rollout.Allowed == 1;

    private static IEnumerable<int> OfFirst(IEnumerable<KeyValuePair<int, string>> running) =>
        running.Where(p => p.Value.StartsWith("web.0 ", StringComparison.Ordinal)).Select(p => p.Key);
}
