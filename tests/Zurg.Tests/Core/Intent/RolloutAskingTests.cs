using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class RolloutAskingTests
{
    private static readonly ServiceName Web = new("web");
    private static readonly ImmutableArray<int> Stages = [1, 3, 4];

    private static readonly Rollout Running = new()
    {
        Service = Web,
        Number = 3,
        From = Target("1.0"),
        To = Target("1.1"),
        Phase = RolloutPhase.Running,
        StartedAt = DateTimeOffset.UnixEpoch,
        StageSince = DateTimeOffset.UnixEpoch,
        Why = "release 1.0 -> 1.1",
        Allowed = 1,
    };

    private static Rollout Halted => Running with { Phase = RolloutPhase.Halted, Reason = "web.0 ended by itself" };

    private static Rollout Back => Running with
    {
        Phase = RolloutPhase.RollingBack, Reason = "it failed", To = Target("1.0"), Refused = Target("1.1"),
    };

    private static RolloutIntent Nothing => new(
        3, Paused: false, Aborted: false, Retry: false, Resumes: 0, Promotes: 0, PromoteAll: false, "ann");

    public static TheoryData<RolloutWord, Rollout?, RolloutIntent?, RolloutIntent> Said() => new()
    {
        { RolloutWord.Pause, Running, null, Nothing with { Paused = true, By = "bob" } },
        { RolloutWord.Pause, Running, Nothing with { Number = 2, Paused = true }, Nothing with { Paused = true, By = "bob" } },
        { RolloutWord.Pause, Back, Nothing with { Aborted = true }, Nothing with { Aborted = true, Paused = true, By = "bob" } },
        { RolloutWord.Resume, Running, Nothing with { Paused = true }, Nothing with { By = "bob" } },
        { RolloutWord.Resume, Halted with { Resumes = 2 }, null, Nothing with { Resumes = 3, By = "bob" } },
        { RolloutWord.Resume, Halted, Nothing with { Paused = true }, Nothing with { Resumes = 1, By = "bob" } },
        { RolloutWord.Promote, Running, null, Nothing with { Promotes = 1, By = "bob" } },
        { RolloutWord.Promote, Running with { Promotes = 1 }, Nothing with { Promotes = 1 },
            Nothing with { Promotes = 2, By = "bob" } },
        { RolloutWord.PromoteAll, Running, Nothing with { Promotes = 1 },
            Nothing with { Promotes = 1, PromoteAll = true, By = "bob" } },
        { RolloutWord.Abort, Running, Nothing with { Paused = true }, Nothing with { Aborted = true, By = "bob" } },
        { RolloutWord.Abort, Halted, null, Nothing with { Aborted = true, By = "bob" } },
    };

    [Theory]
    [MemberData(nameof(Said))]
    public void What_makes_sense_is_written_down(
        RolloutWord word, Rollout? rollout, RolloutIntent? before, RolloutIntent after) => Assert.Equal(
        after, Assert.IsType<RolloutAnswer.Said>(Say(word, rollout, before)).Intent);

    public static TheoryData<RolloutWord, Rollout?, RolloutIntent?, string> Refused() => new()
    {
        { RolloutWord.Pause, null, null,
            "there has been no rollout of web yet | start one: zurg rollout start web VERSION" },
        { RolloutWord.Pause, Running, Nothing with { Paused = true },
            "rollout 3 of web (release 1.0 -> 1.1) is paused already, by ann | zurg rollout resume web, or zurg rollout abort" },
        { RolloutWord.Pause, Halted, null,
            "rollout 3 of web (release 1.0 -> 1.1) is halted: web.0 ended by itself | zurg rollout resume web, or" },
        { RolloutWord.Resume, Running, null, "rollout 3 of web (release 1.0 -> 1.1) is neither paused nor halted" },
        { RolloutWord.Resume, Halted, Nothing with { Resumes = 1 },
            "rollout 3 of web (release 1.0 -> 1.1) was resumed already, by ann" },
        { RolloutWord.Promote, Running, Nothing with { Promotes = 1 },
            "rollout 3 of web (release 1.0 -> 1.1) was promoted already, by ann" },
        { RolloutWord.PromoteAll, Running, Nothing with { PromoteAll = true },
            "rollout 3 of web (release 1.0 -> 1.1) was promoted already, by ann" },
        { RolloutWord.Promote, Running, Nothing with { Paused = true },
            "rollout 3 of web (release 1.0 -> 1.1) is paused by ann" },
        { RolloutWord.Promote, Running, Nothing with { Aborted = true },
            "rollout 3 of web (release 1.0 -> 1.1) was aborted by ann: it goes back" },
        { RolloutWord.Promote, Halted, null, "rollout 3 of web (release 1.0 -> 1.1) is halted: web.0 ended by itself" },
        { RolloutWord.Promote, Back, null, "rollout 3 of web (release 1.0 -> 1.1) goes back: it failed" },
        { RolloutWord.Promote, Running with { Allowed = 4 }, null,
            "rollout 3 of web (release 1.0 -> 1.1) is at its last stage: nothing is left to promote" },
        { RolloutWord.Abort, Running, Nothing with { Aborted = true },
            "rollout 3 of web (release 1.0 -> 1.1) was aborted already, by ann" },
        { RolloutWord.Abort, Back, null, "rollout 3 of web (release 1.0 -> 1.1) goes back already: it failed" },
        { RolloutWord.Abort, Running with { Phase = RolloutPhase.Completed }, null,
            "nothing is under way: rollout 3 of web (release 1.0 -> 1.1) is complete | back to what ran before: "
                + "zurg rollout start web 1.0" },
        { RolloutWord.Resume, Back with { Phase = RolloutPhase.Completed }, null,
            "nothing is under way: rollout 3 of web (release 1.0 -> 1.1) was taken back, since it failed | try again: "
                + "zurg rollout start web 1.1" },
        { RolloutWord.Pause, Running with { Phase = RolloutPhase.Unknown }, null,
            "rollout 3 of web (release 1.0 -> 1.1) is in a phase that only a newer build of Zurg knows" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_makes_none_is_refused_and_says_why(
        RolloutWord word, Rollout? rollout, RolloutIntent? before, string expected)
    {
        var refused = Assert.IsType<RolloutAnswer.Refused>(Say(word, rollout, before));
        Assert.StartsWith(expected, $"{refused.Text} | {refused.Mend}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_on_another_rollout_than_the_newest_is_refused()
    {
        var refused = Assert.IsType<RolloutAnswer.Refused>(Say(RolloutWord.Abort, Running, null, seen: 2));
        Assert.StartsWith("rollout 2 of web is not the newest: that is rollout 3", refused.Text, StringComparison.Ordinal);
        Assert.IsType<RolloutAnswer.Said>(Say(RolloutWord.Abort, Running, null, seen: 3));
    }

    [Fact]
    public void Only_what_was_taken_back_and_is_still_wanted_is_tried_again()
    {
        var over = Back with { Phase = RolloutPhase.Completed };
        var intent = ServiceIntent.Of(Web) with { Rollout = Nothing with { Aborted = true, Paused = true } };
        Assert.Equal(
            Nothing with { Retry = true, By = "bob" }, RolloutAsking.Retry(intent, over, Target("1.1").Digest, "bob"));
        Assert.Null(RolloutAsking.Retry(intent, over, Target("1.2").Digest, "bob"));
        Assert.Null(RolloutAsking.Retry(intent, Back, Target("1.1").Digest, "bob"));
        Assert.Null(RolloutAsking.Retry(intent, over with { Refused = null }, Target("1.1").Digest, "bob"));
        Assert.Null(RolloutAsking.Retry(intent, null, Target("1.1").Digest, "bob"));
    }

    private static RolloutAnswer Say(RolloutWord word, Rollout? rollout, RolloutIntent? before, long? seen = null) =>
        RolloutAsking.Say(word, ServiceIntent.Of(Web) with { Rollout = before }, rollout, Stages, seen, "bob");

    private static RolloutTarget Target(string version) => new()
    {
        Spec = new SpecNumber(1),
        Release = ReleaseId.Parse($"web@{version}"),
        Digest = Digest.Of(System.Text.Encoding.UTF8.GetBytes(version)),
        Restarts = 0,
    };
}
