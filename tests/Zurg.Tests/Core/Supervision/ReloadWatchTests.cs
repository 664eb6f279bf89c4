using Zurg.Core;

namespace Zurg.Tests.Core.Supervision;

public sealed class ReloadWatchTests
{
    [Fact]
    public void Nothing_is_done_before_the_signal_is_taken()
    {
        var run = new Run();
        Assert.Equal(ReloadStage.Pending, run.Look(0, pending: true));
        Assert.Equal(ReloadStage.Pending, run.Look(60, pending: true));
        Assert.Equal(ReloadStage.Settling, run.Look(61));
    }

    [Fact]
    public void A_signal_that_somebody_else_sends_later_does_not_take_it_back()
    {
        var run = new Run();
        run.Look(0);
        Assert.Equal(ReloadStage.Done, run.Look(1, pending: true));
    }

    [Fact]
    public void A_program_without_other_processes_has_a_second_from_when_it_took_the_signal()
    {
        var run = new Run();
        run.Look(0, pending: true);
        Assert.Equal(ReloadStage.Settling, run.Look(5));
        Assert.Equal(ReloadStage.Settling, run.Look(5.9));
        Assert.Equal(ReloadStage.Done, run.Look(6));
    }

    [Fact]
    public void One_that_replaces_its_processes_is_done_at_once_when_those_of_before_have_ended()
    {
        var run = new Run(Listening(11), Listening(12));
        Assert.Equal(ReloadStage.Replacing, run.Look(0, left: [Listening(11), Listening(12)]));
        Assert.Equal([11, 12], run.Verdict.Pids.AsEnumerable());
        Assert.Equal(ReloadStage.Replacing, run.Look(0.1, left: [Listening(11)]));
        Assert.Equal(ReloadStage.Done, run.Look(0.2));
    }

    [Fact]
    public void A_child_that_ends_by_itself_proves_nothing()
    {
        var run = new Run(Silent(11));
        Assert.Equal(ReloadStage.Replacing, run.Look(0, left: [Silent(11)]));
        Assert.Equal(ReloadStage.Settling, run.Look(0.1));
        Assert.Equal(ReloadStage.Done, run.Look(1));
    }

    [Fact]
    public void One_that_has_closed_its_listening_sockets_has_taken_over_and_is_waited_for_no_longer_than_a_while()
    {
        var run = new Run(Listening(11));
        run.Look(0, left: [Listening(11)]);
        Assert.Equal(ReloadStage.Finishing, run.Look(1, left: [Silent(11)]));
        Assert.Equal(ReloadStage.Finishing, run.Look(10.9, left: [Silent(11)]));
        Assert.Equal(ReloadStage.Done, run.Look(11, left: [Silent(11)]));
    }

    [Fact]
    public void One_that_listens_again_has_closed_nothing()
    {
        var run = new Run(Listening(11));
        run.Look(0, left: [Silent(11)]);
        run.Look(5, left: [Listening(11)]);
        Assert.Equal(ReloadStage.Finishing, run.Look(10, left: [Silent(11)]));
        Assert.Equal(ReloadStage.Finishing, run.Look(19, left: [Silent(11)]));
    }

    [Fact]
    public void What_never_listened_may_begin_something_until_it_has_ended()
    {
        var run = new Run(Silent(11));
        Assert.Equal(ReloadStage.Replacing, run.Look(0, left: [Silent(11)]));
        Assert.Equal(ReloadStage.Replacing, run.Look(3600, left: [Silent(11)]));
        Assert.Equal(ReloadStage.Done, run.Look(3601));
    }

    [Fact]
    public void A_refused_file_leaves_those_of_before_as_they_were_and_is_never_done()
    {
        var run = new Run(Listening(11));
        Assert.Equal(ReloadStage.Replacing, run.Look(3600, left: [Listening(11)]));
    }

    private static OldProcess Listening(int pid) => new(pid, Listens: true);

    private static OldProcess Silent(int pid) => new(pid, Listens: false);

    private sealed class Run(params OldProcess[] before)
    {
        private ReloadWatch _watch = ReloadWatch.Begin([.. before]);

        public ReloadVerdict Verdict { get; private set; } = new(ReloadStage.Pending, []);

        public ReloadStage Look(double seconds, bool pending = false, OldProcess[]? left = null)
        {
            (_watch, Verdict) = _watch.Look(new ReloadSight(pending, [.. left ?? []]), TimeSpan.FromSeconds(seconds));
            return Verdict.Stage;
        }
    }
}
