using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>An agent that stands still in the middle of a rollout, as one that swaps: it lives, and says nothing.</summary>
public sealed class FrozenAgentTests
{
    [NeedsFact("python3")]
    public async Task A_rollout_waits_for_a_frozen_agent_and_touches_nobody_else_until_it_goes_on()
    {
        await using var held = await HeldCluster.StartOnTwoAsync(
            "{ canary: 1, batch: 1, promote: manual, ready_within: 10m, max_unavailable: 2, surge: 0 }", port => port, "1", "2");
        await held.ZurgAsync("rollout", "start", "web", "2");
        await held.UntilAsync("the canary is ready", s => s.Change is { WaitsForPromotion: true, Rollout.Allowed: 1 });
        held.Hold("start-2");
        await held.ZurgAsync("rollout", "promote", "web");
        var host = "";
        await held.UntilAsync("another one starts", s =>
            (host = s.Web.Instances.FirstOrDefault(i => s.Starts(i.Instance.Value, i.Host.Value))?.Host.Value ?? "").Length > 0);

        var agent = host == "host1" ? held.Processes.AgentPid : held.Processes.NeighbourPid(host);
        await ProcessCluster.SignalAsync(agent, "STOP");
        held.LetGo("start-2");
        await held.UntilAsync("it is silent", s => s.Holds(HoldReason.HostSilent, host));

        // Two of four are not heard. That one of them is ready by now, and the other one was before, nobody can know.
        var running = held.Running();
        await held.ZurgAsync("rollout", "promote", "web", "--all");
        await held.UntilAsync("it is waited for", s => s.Holds(HoldReason.WaitsForTurn, "2 may be away at once"));
        await held.AnswersGrowAsync();
        Assert.Equal(RolloutPhase.Running, (await held.SeeAsync()).Phase);
        Assert.Equal(running, held.Running());

        await ProcessCluster.SignalAsync(agent, "CONT");
        await held.UntilAsync("it is complete", s => s.Phase == RolloutPhase.Completed);
        await held.EndsWithAsync("2");
        Assert.All(running.Where(p => p.Value.EndsWith(" 2", StringComparison.Ordinal)), p => Assert.Contains(p, held.Running()));
    }
}
