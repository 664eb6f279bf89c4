using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class AgentReportTests
{
    [Fact]
    public void A_host_that_never_had_an_assignment_says_generation_0_and_as_many_events_as_a_report_holds()
    {
        var told = new EventRecord { Id = 1, At = Start, Kind = EventKind.InstanceHeld, Text = "waits" };
        var state = new AgentState { Host = Host, Events = [.. Enumerable.Repeat(told, HostReport.EventsMax + 5)] };
        var report = AgentReport.Of(state, 7);

        Assert.Equal((7, 0, HostReport.EventsMax), (report.Number, report.Applied.Value, report.Events.Length));
        Assert.Equal(3, AgentReport.Of(state with { Assignment = Assign(3).Assignment }, 8).Applied.Value);
    }

    [Fact]
    public void Healthy_is_said_only_of_what_runs()
    {
        Assert.True(AgentReport.StatusOf(In(InstancePhase.Running)).Healthy);
        Assert.False(AgentReport.StatusOf(In(InstancePhase.Running) with { Healthy = false }).Healthy);
        Assert.False(AgentReport.StatusOf(In(InstancePhase.Stopping) with { Healthy = true }).Healthy);
    }

    [Fact]
    public void The_process_of_an_incarnation_that_has_ended_is_none()
    {
        var running = In(InstancePhase.Stopping);
        Assert.Equal(1, AgentReport.StatusOf(running).Pid);
        var exit = new InstanceExit
        {
            Incarnation = One, At = Start, Code = 0, Ran = TimeSpan.Zero, Reason = "exit code 0", Asked = true,
        };
        Assert.Null(AgentReport.StatusOf(running with { LastExit = exit }).Pid);
        Assert.Equal(1, AgentReport.StatusOf(running with { LastExit = exit with { Incarnation = new Incarnation(0) } }).Pid);
        Assert.Null(AgentReport.StatusOf(In(InstancePhase.Waiting)).Pid);
        Assert.Empty(AgentReport.StatusOf(In(InstancePhase.Waiting)).Ports);
    }

    [Fact]
    public void What_comes_next_is_prepared_once_it_is_ready_and_its_hold_is_said_before()
    {
        var next = new NextState { Spec = Digest.Of("next"u8), Release = Digest.Of("release"u8), Hold = Held };
        var waits = AgentReport.StatusOf(In(InstancePhase.Running) with { Next = next });
        Assert.Equal((null, Held), (waits.Prepared, waits.PrepareHold));
        var ready = In(InstancePhase.Running) with { Next = next with { IsReady = true } };
        Assert.Equal(next.Spec, AgentReport.StatusOf(ready).Prepared);
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, null, null)]
    [InlineData(false, true, null)]
    public void It_refuses_when_it_says_so_and_is_still_asked_to(bool says, bool? asked, bool? expected)
    {
        var running = In(InstancePhase.Running);
        var state = running with { Refuses = says, Assigned = running.Assigned with { Refuse = asked } };
        Assert.Equal(expected, AgentReport.StatusOf(state).Refuses);
    }

    [Fact]
    public void Whether_something_in_it_counts_is_said_and_which_epoch_it_goes_by()
    {
        var running = In(InstancePhase.Running);
        Assert.Equal((null, null), (AgentReport.StatusOf(running).Counts, AgentReport.StatusOf(running).TrafficEpoch));
        running = running with { Counts = true, Assigned = running.Assigned with { TrafficEpoch = 5 } };
        Assert.Equal((true, 5), (AgentReport.StatusOf(running).Counts, AgentReport.StatusOf(running).TrafficEpoch));

        var spoke = running with { Counts = false, Spoke = running.Assigned.SpecDigest };
        Assert.Null(AgentReport.StatusOf(spoke).Counts);
        Assert.True(AgentReport.StatusOf(spoke with { Process = null }).Counts);
        Assert.Null(AgentReport.StatusOf(spoke with { Process = null, Spoke = Digest.Of("another"u8) }).Counts);
    }
}
