using Zurg.Agent.Local;
using Zurg.Agent.Processes;
using Zurg.Protocol;
using static Zurg.Tests.Agent.Local.NamingFixtures;

namespace Zurg.Tests.Agent.Local;

public sealed class ProcessNamesTests
{
    private static ProcessStat This => ProcessStat.Read(Environment.ProcessId)!.Value;

    [Fact]
    public void A_process_of_an_instance_is_named_after_it_and_any_other_by_its_command()
    {
        var names = new ProcessNames();
        Assert.StartsWith($"process {Environment.ProcessId} (", names.Of(This.Identity), StringComparison.Ordinal);

        // The test's parent plays the instance's main process: what it started belongs to it.
        var parent = ProcessStat.Read(This.Parent)!.Value;
        names.Observe(State(Instance("web.0", InstancePhase.Running) with { Process = parent.Identity }));
        Assert.StartsWith($"web.0, process {Environment.ProcessId} (", names.Of(This.Identity), StringComparison.Ordinal);

        var later = parent.Identity with { StartTicks = parent.StartTicks + 1 };
        names.Observe(State(Instance("web.0", InstancePhase.Running) with { Process = later }));
        Assert.StartsWith($"process {Environment.ProcessId} (", names.Of(This.Identity), StringComparison.Ordinal);
    }
}
