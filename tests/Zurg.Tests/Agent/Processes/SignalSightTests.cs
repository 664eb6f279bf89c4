using Zurg.Agent.Processes;

namespace Zurg.Tests.Agent.Processes;

public sealed class SignalSightTests
{
    private const int Hup = 1;
    private const int Usr1 = 10;

    [Theory]
    [InlineData(Hup, "SigPnd:\t0000000000000001", true, false, false, false)]
    [InlineData(Hup, "ShdPnd:\t0000000000000001", true, false, false, false)]
    [InlineData(Hup, "SigBlk:\t0000000000000001", false, false, true, false)]
    [InlineData(Hup, "SigCgt:\t0000000000000001", false, true, false, false)]
    [InlineData(Hup, "SigIgn:\t0000000000000001", false, false, false, true)]
    [InlineData(Usr1, "SigCgt:\t0000000000000200", false, true, false, false)]
    [InlineData(Usr1, "SigCgt:\tfffffffffffffdff", false, false, false, false)]
    public void Each_mask_is_read_at_the_signals_bit(
        int signal, string line, bool pending, bool caught, bool blocked, bool ignored) =>
        Assert.Equal(
            new SignalSight(pending, caught, blocked, ignored),
            SignalSight.Parse($"Name:\tsh\nThreads:\t1\nSigQ:\t0/100\n{line}\nSeccomp:\t0\n", signal));

    [ProgramFact("python3")]
    public async Task A_process_without_a_handler_with_one_and_one_that_ignores_it_are_told_apart()
    {
        using var bench = new ProcessBench();
        var bare = bench.Shell("sleep 60");
        await ProcessBench.UntilAsync(() => SignalSight.Read(bare, Hup) is { IsCaught: false, IsIgnored: false }, "no handler");
        var deaf = bench.Shell("trap '' HUP; sleep 60");
        await ProcessBench.UntilAsync(() => SignalSight.Read(deaf, Hup) is { IsIgnored: true, IsCaught: false }, "ignored");
        var able = bench.Shell($"exec python3 -c \"{KeepsItBack}\"");
        await ProcessBench.UntilAsync(
            () => SignalSight.Read(able, Hup) is { IsCaught: true, IsBlocked: true, IsPending: false }, "a handler");
        ProcessTree.Signal(able, "HUP");
        Assert.True(SignalSight.Read(able, Hup)!.Value.IsPending);
        await File.WriteAllTextAsync(Path.Combine(bench.Directory, "go"), "");
        await ProcessBench.UntilAsync(() => SignalSight.Read(able, Hup) is { IsPending: false, IsBlocked: false }, "taken");
        Assert.Null(SignalSight.Read(able with { StartTicks = 1 }, Hup));
    }

    [ProgramFact("python3")]
    public async Task A_process_that_waits_for_a_signal_keeps_that_one_back_and_no_other()
    {
        using var bench = new ProcessBench();
        const string program = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [1]); signal.sigwait([1])";
        var waits = bench.Shell($"exec python3 -c '{program}'");
        await ProcessBench.UntilAsync(
            () => SignalSight.Read(waits, Hup) is { IsBlocked: true, IsCaught: false } && IsInSigwait(waits.Pid), "sigwait");
        Assert.True(SignalSight.Read(waits, Hup)!.Value.IsBlocked);
        Assert.False(SignalSight.Read(waits, Usr1)!.Value.IsBlocked);
    }

    private static bool IsInSigwait(int pid) => File.ReadAllText($"/proc/{pid}/status").Contains(
        "SigBlk:\t0000000000000000", StringComparison.Ordinal);

    private const string KeepsItBack = """
        import os, signal, time
        signal.signal(signal.SIGHUP, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
        while not os.path.exists('go'):
            time.sleep(0.02)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
        time.sleep(60)
        """;
}
