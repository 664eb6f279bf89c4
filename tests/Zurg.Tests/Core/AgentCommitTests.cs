using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core;

public sealed class AgentCommitTests
{
    private static readonly AgentState State = new() { Host = Host };
    private static readonly InstanceState Waiting = In(InstancePhase.Waiting);

    private static readonly EventRecord Told = new()
    {
        Id = 1, At = Start, Kind = EventKind.InstanceHeld, Text = "waits",
    };

    private static AgentCommit Empty => new() { State = State };

    [Fact]
    public void Only_what_the_journal_has_to_keep_makes_a_step_more_than_nothing()
    {
        var quiet = Empty with { Effects = [new AgentEffect.Forget(Web)], ReportNow = true, WakeAt = Start };
        Assert.True(quiet.IsEmpty);
        Assert.False((Empty with { Records = Empty.Records.Add(Web, null) }).IsEmpty);
        Assert.False((Empty with { Assignment = Assign(1).Assignment }).IsEmpty);
        Assert.False((Empty with { Events = [Told] }).IsEmpty);
        Assert.False((Empty with { EventsKept = 1 }).IsEmpty);
        Assert.False((Empty with { Durable = true }).IsEmpty);
    }

    [Fact]
    public void Two_steps_are_one_write_with_the_effects_in_their_order()
    {
        var other = InstanceId.Wrap("web.1");
        var first = Empty with
        {
            Records = Empty.Records.Add(Web, Waiting).Add(other, Waiting), Assignment = Assign(1).Assignment, Events = [Told],
            EventsKept = 3, Effects = [new AgentEffect.Forget(Web)], ReportNow = true, Durable = true, WakeAt = Start,
        };
        var second = new AgentCommit
        {
            State = State with { LastEvent = 9 }, Records = Empty.Records.Add(Web, null),
            Effects = [new AgentEffect.Forget(other)],
        };

        var both = first.Then(second);
        Assert.Equal(9, both.State.LastEvent);
        Assert.Equal((null, Waiting), (both.Records[Web], both.Records[other]));
        Assert.Equal((1, 3), (both.Assignment!.Generation.Value, both.EventsKept));
        Assert.Equal([Web, other], both.Effects.Select(e => e.Subject));
        Assert.Equal((true, true, 1), (both.ReportNow, both.Durable, both.Events.Length));
        Assert.Null(both.WakeAt);

        var later = first.Then(second with { Assignment = Assign(2).Assignment, EventsKept = 4, WakeAt = Start });
        Assert.Equal((2, 4, Start), (later.Assignment!.Generation.Value, later.EventsKept, later.WakeAt));
    }
}
