using Zurg.Core;

namespace Zurg.Tests.Core.Supervision;

public sealed class ReloadWordsTests
{
    [Theory]
    [InlineData(ReloadStage.Pending, 0, "it has not taken the signal yet")]
    [InlineData(ReloadStage.Replacing, 1, "p1 of before still runs")]
    [InlineData(ReloadStage.Replacing, 2, "p1, p2 of before still run")]
    [InlineData(ReloadStage.Replacing, 5, "p1, p2, p3 and 2 more of before still run")]
    [InlineData(ReloadStage.Finishing, 1, "p1 of before finishes what is under way")]
    [InlineData(ReloadStage.Finishing, 2, "p1, p2 of before finish what is under way")]
    [InlineData(ReloadStage.Settling, 0, "it has a moment to read them")]
    [InlineData(ReloadStage.Done, 0, "it goes by them")]
    public void A_wait_names_the_signal_how_long_ago_it_was_and_who_is_waited_for(ReloadStage stage, int pids, string text) =>
        Assert.Equal(
            $"SIGHUP told it of changed files 4 s ago: {text}",
            ReloadWords.Of(
                new ReloadVerdict(stage, [.. Enumerable.Range(1, pids)]), "HUP", TimeSpan.FromSeconds(4), pid => $"p{pid}"));

    [Fact]
    public void Only_what_waiting_does_not_mend_has_a_mend()
    {
        Assert.Contains("zurg logs web.0", ReloadWords.MendOf(ReloadStage.Pending, "web.0"), StringComparison.Ordinal);
        Assert.Contains("done: [\"true\"]", ReloadWords.MendOf(ReloadStage.Replacing, "web.0"), StringComparison.Ordinal);
        Assert.Null(ReloadWords.MendOf(ReloadStage.Finishing, "web.0"));
        Assert.Null(ReloadWords.MendOf(ReloadStage.Settling, "web.0"));
        Assert.Null(ReloadWords.MendOf(ReloadStage.Done, "web.0"));
    }

    [Fact]
    public void Why_it_is_not_sent_or_not_done_is_told()
    {
        Assert.Contains("would end it", ReloadWords.NotHandled("HUP", ignored: false), StringComparison.Ordinal);
        Assert.Contains("ignores SIGHUP", ReloadWords.NotHandled("HUP", ignored: true), StringComparison.Ordinal);
        Assert.Equal(
            "SIGHUP told it of changed files 5 s ago, and done: (bin/ctl reloaded) ended with exit code 1",
            ReloadWords.NotDone("HUP", TimeSpan.FromSeconds(5), ["bin/ctl", "reloaded"], "ended with exit code 1"));
    }
}
