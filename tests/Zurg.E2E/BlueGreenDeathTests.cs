using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// As <see cref="RolloutDeathTests"/>, while a strict change is between its sides and while it goes back: what was proven stays
/// proven, nobody believes what was not, and nobody answers too early.
/// </summary>
public sealed class BlueGreenDeathTests
{
    [NeedsFact("python3")]
    public async Task A_strict_switch_and_its_way_back_outlive_the_master_and_the_agent_in_each_of_their_phases()
    {
        await using var held = await HeldCluster.StartAsync(WitnessServer.Service("keep: 1h, strict: true"), "1", "2");
        await using var direct = new DirectLoad();
        direct.Meet((await held.SeeAsync()).Web, "1");

        held.Hold("requests");
        await held.AskSlowlyAsync("web.0");
        await held.ZurgAsync("rollout", "start", "web", "2");
        await held.OutlivesAsync("the old side ends what it has accepted", s => s.Holds(
            HoldReason.WaitsForOtherSide,
            "the new side of web waits until the old one refuses: web.0 on host1 has not said so yet"));
        await direct.UntilRefusedAsync("1");
        held.LetGo("requests");
        await held.OutlivesAsync("the new side serves", s => s.Change.Rollout.SwitchedAt is not null, Deaths.AllAtOnce);
        var (_, switched) = await held.SeeAsync();
        direct.Meet(switched, "2");
        await direct.UntilAnsweredAsync("2");

        // One that starts while its side refuses does so before it has heard from its agent.
        held.Hold("agent");
        var killed = held.Running().Single(p => p.Value == "web.1 with 1").Key;
        ProcessCluster.KillPid(killed);
        await held.UntilAsync("another one runs", s => s.Web.Ready == 4 && held.Pids("1").Except([killed]).Count() == 2);
        direct.Meet((await held.SeeAsync()).Web, "1");
        await direct.UntilRefusedAsync("1", times: 40);
        held.LetGo("agent");

        held.Hold("requests");
        var busy = switched.Instances.First(i => i.Status!.Release.Version.Value == "2").Instance.Value;
        await held.AskSlowlyAsync(busy);
        await held.ZurgAsync("rollout", "abort", "web");
        await held.OutlivesAsync("the new side ends what it has accepted", s => s.Holds(
            HoldReason.WaitsForOtherSide,
            $"the old side of web waits until the new one refuses: {busy} on host1 has not said so yet"));
        await direct.UntilRefusedAsync("2");
        Assert.Equal("2", WitnessServer.Sides(held.Processes)[^1].Release);

        var frozen = held.Running().Single(p => p.Value == "web.0 with 1").Key;
        await ProcessCluster.SignalAsync(frozen, "STOP");
        held.LetGo("requests");
        await held.OutlivesAsync("one of the old side has not heard that it accepts again", s => held.Pids("2").Length == 0
            && s.Holds(
                HoldReason.WaitsForOtherSide,
                "web.0 on host1 is shown to its consumers once it says that it accepts requests again"));
        await ProcessCluster.SignalAsync(frozen, "CONT");
        await held.UntilAsync("it is taken back", s => s.Holds(HoldReason.RolledBack));
        await held.EndsWithAsync("1", converged: false);
        await direct.UntilAnsweredAsync("1");

        Assert.Empty(direct.Failed);
        WitnessServer.AssertTurns(held.Processes, "1", "2", "1");
        Assert.DoesNotContain(held.Consumer.Seen.Split('\n'), s =>
            s.Contains("web.0", StringComparison.Ordinal) && s.Contains(busy, StringComparison.Ordinal));
    }
}
