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
}
