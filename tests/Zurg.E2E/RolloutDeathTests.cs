using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// Whoever of the control plane dies while a change is under way, and at whatever point of it: the change stands where it stood,
/// goes on from there, and nobody who uses the service notices.
/// </summary>
public sealed class RolloutDeathTests
{
    [NeedsFact("python3")]
    public async Task A_rollout_outlives_the_master_and_the_agent_in_each_of_its_phases()
    {
        await using var held = await HeldCluster.StartAsync("{ canary: 1, batch: 1, bake: 1h, ready_within: 10m }", "1", "2");
        held.Hold("start-2");
        await held.ZurgAsync("rollout", "start", "web", "2");
        await held.OutlivesAsync("the canary starts", s => s.Starts("web.3") && s.Change is { OnTarget: 1, Spares: 1 });

        held.LetGo("start-2");
        await held.OutlivesAsync("the canary is watched", s => s.Change is { OnTargetReady: 1, BakesUntil: not null });

        held.Hold("confirm");
        await held.ZurgAsync("rollout", "promote", "web");
        await held.OutlivesAsync("a batch is withdrawn", s => s.Holds(HoldReason.WaitsForDrain, "web.0"));

        held.Hold("requests");
        await held.AskSlowlyAsync("web.0");
        held.LetGo("confirm");
        await held.OutlivesAsync("a batch ends what is under way", s => s.IsHeld("web.0", HoldReason.WaitsForRequests));

        held.Hold("start-2");
        held.LetGo("requests");
        await held.OutlivesAsync("a batch starts", s => s.Starts("web.0") && s.Change is { OnTargetReady: 1 });

        held.LetGo("start-2");
        await held.UntilAsync("the batch is watched", s => s.Change is { Rollout.Allowed: 2, BakesUntil: not null });
        held.Hold("confirm");
        await held.ZurgAsync("rollout", "abort", "web");
        await held.OutlivesAsync(
            "it goes back", s => s.Phase == RolloutPhase.RollingBack && s.Holds(HoldReason.WaitsForDrain, "web.0"));
        held.LetGo("confirm");
        await held.UntilAsync("it is taken back", s => s.Holds(HoldReason.RolledBack));
        await held.EndsWithAsync("1", converged: false);
    }

    [NeedsFact("python3")]
    public async Task A_rollout_that_waits_for_a_person_waits_on_after_the_death_of_the_master_and_the_agent()
    {
        var service = new HeldService("{ canary: 1, batch: 1, promote: manual, ready_within: 10m, rollback: manual }")
        {
            Attempts = 3,
        };
        await using var held = await HeldCluster.StartAsync(service, "1", "2", "3");
        await held.ZurgAsync("rollout", "start", "web", "2");
        await held.OutlivesAsync("a person is waited for", s => s.Change is { WaitsForPromotion: true, Rollout.Allowed: 1 });
        await held.ZurgAsync("rollout", "pause", "web");
        await held.OutlivesAsync("it is paused", s => s.Change is { Paused: true } && s.Holds(HoldReason.RolloutPaused),
            Deaths.AllAtOnce);
        await held.ZurgAsync("rollout", "resume", "web");
        await held.ZurgAsync("rollout", "promote", "web", "--all");
        held.Processes.KillMaster();
        held.Processes.KillAgent();
        held.Processes.StartAgent();
        await held.Processes.StartMasterAsync();
        await held.EndsWithAsync("2");

        held.Hold("short-3");
        await held.ZurgAsync("rollout", "start", "web", "3");
        await held.UntilAsync("it is halted", s => s.Phase == RolloutPhase.Halted);
        held.LetGo("short-3");
        await held.OutlivesAsync("it is halted, and what failed runs again", s => s.Phase == RolloutPhase.Halted
            && s.Holds(HoldReason.RolloutHalted, "exit code 3") && s.Change.OnTargetReady == 1);
        await held.ZurgAsync("rollout", "abort", "web");
        await held.UntilAsync("it is taken back", s => s.Holds(HoldReason.RolledBack));
        await held.EndsWithAsync("2", converged: false);
    }
}
