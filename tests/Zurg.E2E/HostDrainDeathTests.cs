using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>As <see cref="RolloutDeathTests"/>, while a host is emptied.</summary>
public sealed class HostDrainDeathTests
{
    [NeedsFact("python3")]
    public async Task The_emptying_of_a_host_outlives_the_master_and_both_agents_in_each_of_its_phases()
    {
        await using var held = await HeldCluster.StartAsync("{ bake: 0s, ready_within: 10m }", "1");
        await held.AddHostAsync("host2");
        held.Hold("start-1");
        var draining = held.Processes.ZurgAsync("drain", "host1", "--why", "new disks");
        await held.OutlivesAsync("one starts elsewhere", s => s.Starts("web.3", "host2"));

        held.Hold("confirm");
        held.LetGo("start-1");
        await held.OutlivesAsync("the first is withdrawn", s => s.Holds(HoldReason.WaitsForDrain, "on host1"));

        held.Hold("requests");
        var withdrawn = (await held.SeeAsync()).Cluster.Holds.Single(h => h.Reason == HoldReason.WaitsForDrain);
        var leaves = withdrawn.Instance!.Value.Value;
        await held.AskSlowlyAsync(leaves);
        held.LetGo("confirm");
        await held.OutlivesAsync("the first ends what is under way",
            s => s.Holds(HoldReason.WaitsForRequests) && s.Holds(HoldReason.WaitsForTurn, "once it has ended on host1"));

        held.Hold("start-1");
        held.LetGo("requests");
        await held.OutlivesAsync("the first starts elsewhere", s => s.Starts(leaves, "host2"));
        held.LetGo("start-1");
        var drained = await draining.WaitAsync(HeldCluster.Soon);
        Assert.True(drained.ExitCode == 0, $"{drained}\n{held.Processes.Said}");
        await held.EndsWithAsync("1");
        await held.OutlivesAsync("the host is empty", s => s.Web.Instances.All(i => i.Host.Value == "host2"), Deaths.AllAtOnce);
    }
}
