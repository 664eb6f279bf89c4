using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Verdicts;

public sealed class VerdictSidesTests
{
    private static readonly TrafficScript Script = new(3);

    private static bool? Side(string instance, long incarnation, int second, string? release = null) =>
        new VerdictSides(Script.Question).SideOf(
            InstanceId.Parse(instance), new Incarnation(incarnation), release is null ? null : ReleaseId.Parse(release),
            TrafficScript.Unix(second));

    [Fact]
    public void The_new_one_s_are_those_of_its_incarnations_since_it_began()
    {
        Assert.True(Side("web.0", 2, 0, "web@2.0.0"));
        Assert.True(Side("web.0", 3, 5));
        Assert.Null(Side("web.0", 2, -1, "web@2.0.0"));
        Assert.Null(Side("web.0", 2, 5, "web@3.0.0"));
    }

    [Fact]
    public void What_a_changed_instance_did_before_is_the_old_one_s()
    {
        Assert.False(Side("web.0", 1, -60, "web@1.0.0"));
        Assert.False(Side("web.0", 1, 1));
        Assert.Null(Side("web.0", 1, -600, "web@0.9.0"));
    }

    [Fact]
    public void Others_are_the_old_one_s_while_they_run_it()
    {
        Assert.False(Side("web.1", 1, 5, "web@1.0.0"));
        Assert.False(Side("web.2", 9, -5));
        Assert.Null(Side("web.1", 2, 5, "web@2.0.0"));
        Assert.Null(Side("web.7", 1, 5));
        Assert.Null(Side("api.1", 1, 5));
    }

    [Fact]
    public void An_old_one_s_incarnation_before_its_first_is_nobody_s()
    {
        var question = Script.Question with { Old = [Script.Question.Old[0] with { First = new Incarnation(4) }] };
        var sides = new VerdictSides(question);

        Assert.Null(sides.SideOf(question.Old[0].Instance, new Incarnation(3), null, TrafficScript.Unix(1)));
        Assert.False(sides.SideOf(question.Old[0].Instance, new Incarnation(4), null, TrafficScript.Unix(1)));
    }

    [Fact]
    public void Without_a_first_incarnation_it_goes_by_the_release_that_the_counts_name()
    {
        var question = Script.Question with { New = [Script.Question.New[0] with { First = null }] };
        bool? Side(VerdictQuestion of, ReleaseId? release) => new VerdictSides(of).SideOf(
            of.New[0].Instance, new Incarnation(1), release, TrafficScript.Unix(1));

        Assert.True(Side(question, TrafficScript.New));
        Assert.True(Side(question, null));
        Assert.False(Side(question, TrafficScript.Old));
        Assert.True(Side(question with { To = TrafficScript.Old }, TrafficScript.Old));
    }

    [Fact]
    public void Rows_are_those_within_the_time_that_is_looked_at()
    {
        var script = new TrafficScript(2).Run(-5, 5, 1, _ => 0, _ => 0);
        var rows = new VerdictSides(script.Question).RowsOf(
            script.Counts.Traffic, TrafficScript.Unix(-2), TrafficScript.Unix(3));

        long[] Seconds(bool isNew, int index) =>
            [.. rows.Where(r => r.IsNew == isNew && r.Of.Instance.Index == index).Select(r => r.Second - TrafficScript.Unix(0))];
        Assert.Equal([-2, -1, 0, 1, 2], Seconds(false, 1));
        Assert.Equal([0, 1, 2], Seconds(true, 0));
        Assert.Equal([-2, -1], Seconds(false, 0));
    }
}
