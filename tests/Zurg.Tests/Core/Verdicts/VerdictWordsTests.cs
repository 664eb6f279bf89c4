using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Verdicts;

public sealed class VerdictWordsTests
{
    private static TrafficScript Bad(TrafficScript script) => script.Run(-60, 20, 20, _ => 5, _ => 0);

    [Fact]
    public void Many_instances_are_named_by_three() => Assert.StartsWith(
        "web.0, web.1, web.2 and 2 more with 2.0.0 failed 500 of 2,000 (25 %) first attempts, and 5 instances with 1.0.0",
        Bad(new TrafficScript(10, 5)).Judge(20).Why, StringComparison.Ordinal);

    [Fact]
    public void Who_it_is_compared_with_is_said()
    {
        Assert.EndsWith(
            "and 1 instance with 1.0.0 in the same cell: 0 of 400 (0 %)", Bad(new TrafficScript(2)).Judge(20).Why,
            StringComparison.Ordinal);
        Assert.EndsWith(
            "and 1 instance with 1.0.0 in other cells: 0 of 400 (0 %)", Bad(new TrafficScript(2, 1, "az1", "az2")).Judge(20).Why,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_spec_of_one_release_is_named_as_that()
    {
        var script = new TrafficScript(2);
        script.Question = script.Question with { To = TrafficScript.Old };
        script.Run(-60, 20, (i, s) => script.Of(i, s, 20) with { Release = null, FirstFailures = script.IsNew(i, s) ? 5 : 0 });

        Assert.StartsWith("web.0 with the new spec failed 100 of 400", script.Judge(20).Why, StringComparison.Ordinal);
        Assert.Contains("with the old spec", script.Judge(20).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void While_it_is_watched_its_progress_is_told()
    {
        var script = new TrafficScript(10).Run(-60, 60, 20, s => s == 3 ? 1 : 0, _ => 0);

        Assert.Equal(
            "2.0.0 is watched: 600 requests so far and 5,400 to compare with; 9 % of what a pass needs (failed first attempts), "
                + "15 % of what a halt needs (failed first attempts)",
            script.Judge(30).Why);
        Assert.Equal(
            "failed first attempts: 9 % of what a pass needs; errors: 59 % of what a pass needs; "
                + "timeouts: 59 % of what a pass needs",
            string.Join("; ", script.Judge(30).Missing));
        Assert.Equal(
            "2.0.0 is watched: 0 requests so far and 0 to compare with; 0 % of what a pass needs (failed first attempts), "
                + "0 % of what a halt needs (failed first attempts)",
            script.Judge(0).Why);
    }

    [Fact]
    public void What_a_pass_lacks_is_told()
    {
        // More than with the old one, and not yet proven to be.
        var suspect = new TrafficScript(10).Run(-60, 20, 20, s => s is 3 or 5 or 9 ? 1 : 0, _ => 0).Judge(20);
        Assert.Equal("failed first attempts: more than with 1.0.0, 63 % of what a halt needs", suspect.Missing[0]);

        // The old one was asked too little itself.
        var few = new TrafficScript(2);
        few.Run(0, 40, (i, s) => few.IsNew(i, s) ? few.Of(i, s, 20) with { FirstFailures = 1 - (s % 2) } : few.Of(i, s, 1));
        Assert.Equal(
            "failed first attempts: 40 of at least 200 requests came to instances with 1.0.0", few.Judge(40).Missing[0]);

        // It looks good, and how bad events bunch is not known after forty seconds.
        var fresh = new TrafficScript(10).Run(0, 40, 20, _ => 2, _ => 2).Judge(40);
        Assert.Equal("failed first attempts: how much they bunch with 1.0.0 is not known yet", fresh.Missing[0]);
    }

    [Fact]
    public void What_to_keep_in_mind_is_told()
    {
        var script = new TrafficScript(4, 2);
        Assert.Empty(script.Judge(0).Caveats);

        script.Question = script.Question with
        {
            New = [.. script.Question.New.Select(i => i with { Host = new HostId("host0") })],
        };
        Assert.Equal(
            "all that have 2.0.0 run on host0: what this host does to them cannot be told from what the release does",
            Assert.Single(script.Judge(0).Caveats));
        Assert.Equal(
            "nobody measures how long answers take: slow ones are not compared",
            script.Run(-60, 20, 20, _ => 0, _ => 0).Judge(20).Caveats[1]);
    }
}
