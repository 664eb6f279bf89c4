using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class AgentDraftTests
{
    private static readonly AgentState State = new()
    {
        Host = Host, Instances = new AgentState { Host = Host }.Instances.Add(Web, In(InstancePhase.Running)),
        LastIncarnation = One, IncarnationsReserved = new Incarnation(5),
    };

    private static AgentDraft Draft(AgentState? state = null) => new(state ?? State, Start);

    [Fact]
    public void A_step_in_which_nothing_happens_writes_nothing()
    {
        var draft = Draft();
        draft.Turn(Web, (s, _) => s.Unchanged);
        draft.Turn(InstanceId.Wrap("web.9"), (_, _) => throw new InvalidOperationException("nobody knows it"));
        var commit = draft.Finish();

        Assert.True(commit.IsEmpty);
        Assert.False(commit.ReportNow);
    }

    [Fact]
    public void What_changed_and_what_has_gone_are_the_records_to_write()
    {
        var other = InstanceId.Wrap("web.1");
        var draft = Draft(State with { Instances = State.Instances.Add(other, In(InstancePhase.Waiting)) });
        draft.Turn(Web, (s, _) => new InstanceTurn(s with { ProbeText = "ok" }));
        Assert.False(draft.Finish().ReportNow, "a text can wait for the next second");
        draft.Drop(other);

        var records = draft.Finish().Records;
        Assert.Equal(("ok", null), (records[Web]!.ProbeText, records[other]));
    }

    [Fact]
    public void A_number_beyond_those_reserved_is_made_durable_with_many_after_it()
    {
        var draft = Draft();
        draft.Turn(Web, (s, _) => new InstanceTurn(s with { Incarnation = new Incarnation(5) }));
        Assert.False(draft.Finish().Durable);
        draft.Turn(Web, (s, _) => new InstanceTurn(s with { Incarnation = new Incarnation(6) }));
        var commit = draft.Finish();

        Assert.True(commit.Durable);
        Assert.Equal(6 + AgentState.IncarnationsAtOnce, commit.State.IncarnationsReserved.Value);
        Assert.Equal(6, commit.State.LastIncarnation.Value);
    }

    [Fact]
    public void An_assignment_that_is_repeated_is_no_news()
    {
        var draft = Draft(State with { Assignment = Assign(3).Assignment });
        draft.TakeOver(Assign(3).Assignment);
        Assert.Equal((null, false), (draft.Finish().Assignment, draft.Finish().Durable));
        draft.TakeOver(Assign(4).Assignment);
        var commit = draft.Finish();
        Assert.Equal((4, true, true), (commit.Assignment!.Generation.Value, commit.Durable, commit.ReportNow));
    }

    [Fact]
    public void A_hold_is_told_when_its_reason_is_new_and_not_when_only_its_text_is()
    {
        var draft = Draft();
        draft.Turn(Web, (s, _) => new InstanceTurn(s with { Hold = Held }));
        draft.Turn(Web, (s, _) => new InstanceTurn(s with { Hold = Held with { Text = "still none" } }));
        draft.Turn(Web, (s, _) => new InstanceTurn(s with { Hold = new Hold(HoldReason.DiskFull, "disk is full") }));

        var commit = draft.Finish();
        Assert.Equal(["no master answers", "disk is full"], commit.Events.Select(e => e.Text));
        Assert.Equal([1, 2], commit.Events.Select(e => e.Id));
        Assert.All(commit.Events, e => Assert.Equal((Web, Web.Service, Host), (e.Instance, e.Service, e.Host)));
    }

    [Fact]
    public void Beyond_the_most_events_that_wait_many_of_the_oldest_go_and_one_says_so()
    {
        var draft = Draft();
        for (var i = 0; i <= AgentState.EventsMax; i++)
        {
            draft.Tell(EventKind.InstanceHeld, "waits");
        }

        var commit = draft.Finish();
        Assert.Equal(AgentState.EventsMax - AgentState.EventsDroppedAtOnce + 1, commit.State.Events.Count);
        Assert.Equal(AgentState.EventsDroppedAtOnce + 1, commit.EventsKept);
        Assert.Equal(
            "1001 events of 2030-01-01 00:00 to 2030-01-01 00:00 UTC were dropped: no master has kept them, and 10000 are the "
                + "most that wait", commit.State.Events[^1].Text);
    }

    [Fact]
    public void Events_that_a_master_keeps_go_and_older_word_of_that_does_nothing()
    {
        var draft = Draft();
        draft.Tell(EventKind.InstanceHeld, "first");
        draft.Tell(EventKind.InstanceHeld, "second");
        draft.DropEvents(0);
        Assert.Null(draft.Finish().EventsKept);
        draft.DropEvents(1);

        var commit = draft.Finish();
        Assert.Equal((1, "second"), (commit.EventsKept, Assert.Single(commit.State.Events).Text));
    }
}
