using Zurg.Cli.Verbs;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Verbs;

public sealed class RolloutEndTests
{
    private static readonly SpecNumber Spec = new(7);

    [Fact]
    public void It_is_watched_while_it_is_under_way_or_has_not_begun()
    {
        Assert.Null(End(Rollouts.Status(Rollouts.Running)));
        Assert.Null(End(Rollouts.Status(Rollouts.GoingBack)));
        Assert.Null(End(Rollouts.Status(null)));
        Assert.Null(End(Rollouts.Status(Rollouts.Complete), after: 4));
        Assert.Null(End(Rollouts.Status(Rollouts.Complete) with { Spec = new SpecNumber(6) }));
    }

    public static TheoryData<bool, string, RolloutStatus> Ends() => new()
    {
        { true, "rollout 4 of web is complete: all run 1.1, after 12s", Rollouts.Complete },
        { false, "rollout 4 of web was taken back, all run 1.0 again: web.0 ended by itself", Rollouts.TakenBack },
        { true, "rollout 4 of web was taken back, as the spec says by now: all run 1.0",
            Rollouts.TakenBack with
            {
                Rollout = Rollouts.TakenBack.Rollout with { Forgiven = true }, OnTarget = 4, OnTargetReady = 4,
            } },
        { false, "rollout 4 of web is halted: web.0 ended by itself", Rollouts.Halted },
        { false, "rollout 4 of web is in a phase that only a newer zurg knows",
            Rollouts.Running with { Rollout = Rollouts.Running.Rollout with { Phase = RolloutPhase.Unknown } } },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void Its_end_is_one_sentence(bool done, string text, RolloutStatus rollout)
    {
        var end = End(Rollouts.Status(rollout))!;
        Assert.Equal((done, text), (end.Done, end.Text));
    }

    [Fact]
    public void What_to_do_about_one_that_is_halted_is_what_its_hold_says()
    {
        var hold = new Hold(HoldReason.RolloutHalted, "web is halted", "start another release") { Service = Rollouts.Web };
        var halted = Rollouts.Status(Rollouts.Halted);
        Assert.Equal("start another release", End(halted with { Holds = [hold] })!.Mend);
        Assert.Equal("zurg rollout status web", End(halted with { Holds = [] })!.Mend);
    }

    [Fact]
    public void Another_one_in_its_place_ends_the_watch()
    {
        var other = Rollouts.Running with { Rollout = Rollouts.Running.Rollout with { Number = 5 } };
        var end = RolloutEnd.Of(Rollouts.Status(other), Rollouts.Web, Spec, after: 3, number: 4)!;
        Assert.False(end.Done);
        Assert.StartsWith("rollout 5 (release 1.0 -> 1.1", end.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_to_do_is_done_and_a_service_that_left_is_not()
    {
        var same = Rollouts.Status(null) with { Services = [Rollouts.Service(Rollouts.Complete, upToDate: true)] };
        Assert.Equal((true, "all of web run 1.1 already"), (End(same, after: 4)!.Done, End(same, after: 4)!.Text));
        var refused = same with { Services = [Rollouts.Service(Rollouts.TakenBack, upToDate: false)] };
        Assert.Null(End(refused, after: 4));
        var reverted = same with { Services = [Rollouts.Service(Rollouts.TakenBack, upToDate: true)] };
        Assert.True(End(reverted, after: 4)!.Done);
        var stopped = same with { Services = [Rollouts.Service(null) with { Stopped = true }] };
        Assert.True(End(stopped)!.Done);
        Assert.False(End(same with { Services = [] })!.Done);
    }

    private static RolloutEnd? End(ClusterStatus status, long after = 3) =>
        RolloutEnd.Of(status, Rollouts.Web, Spec, after, number: null);

    [Fact]
    public void A_stop_in_the_middle_of_it_is_no_success()
    {
        foreach (var rollout in new[] { Rollouts.Running, Rollouts.Complete })
        {
            var stopped = Rollouts.Service(rollout) with { Stopped = true };
            var end = End(Rollouts.Status(null) with { Services = [stopped] })!;

            Assert.False(end.Done);
            Assert.Equal("rollout 4 of web goes no further: web is stopped and gets 1.1 when it is started", end.Text);
        }
    }

    [Fact]
    public void What_is_not_ready_yet_is_watched_and_what_ended_by_itself_is_no_success()
    {
        var first = Rollouts.Complete with { OnTargetReady = 3 };
        Assert.Null(End(Rollouts.Status(first)));

        var service = Rollouts.Service(first);
        var crashed = service.Instances[0] with
        {
            Status = service.Instances[0].Status! with
            {
                Phase = InstancePhase.Waiting,
                CrashesSinceChange = 1,
                LastExit = new InstanceExit
                {
                    Incarnation = new Incarnation(1),
                    At = Rollouts.Now,
                    Ran = TimeSpan.Zero,
                    Reason = "exit code 1",
                    Asked = false,
                },
            },
        };
        var end = End(Rollouts.Status(first) with { Services = [service with { Instances = [crashed] }] })!;

        Assert.Equal((false, "web.0 on host1 ended by itself with 1.1: exit code 1"), (end.Done, end.Text));
    }

    [Fact]
    public void What_could_not_be_placed_is_no_success()
    {
        var none = Rollouts.Complete with { Instances = 0, OnTarget = 0, OnTargetReady = 0 };
        Assert.Null(End(Rollouts.Status(none)));

        var hold = new Hold(HoldReason.NoHostFits, "web.0 fits nowhere", "add a host") { Service = Rollouts.Web };
        var one = Rollouts.Service(none) with { Wanted = 1, Instances = [] };
        var end = End(Rollouts.Status(none, hold) with { Services = [one] })!;
        Assert.Equal((false, "web.0 fits nowhere", "add a host"), (end.Done, end.Text, end.Mend));
    }
}
