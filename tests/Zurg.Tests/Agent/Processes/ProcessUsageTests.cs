using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Tests.Agent.Processes;

public sealed class ProcessUsageTests : IDisposable
{
    private const long Mebi = 1024 * 1024;

    private readonly ProcessBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_peak_below_the_agents_own_is_seen_and_stays_after_the_memory_was_given_back()
    {
        // 20 MiB in one shell variable, then none: what is known at the end is the peak, not the last.
        var process = _bench.Shell("x=$(head -c 20971520 /dev/zero | tr '\\0' x); x=; echo freed; sleep 60; :");
        await ProcessBench.UntilAsync(() => _bench.Output.Contains("freed", StringComparison.Ordinal), "the memory's return");
        Assert.InRange(ProcessUsage.Read(process)!.PeakMemory!.Value, 20 * Mebi, 200 * Mebi);
    }

    [Fact]
    public async Task Time_in_the_program_and_time_in_the_kernel_are_told_apart()
    {
        var process = _bench.Shell("while :; do :; done");
        await ProcessBench.UntilAsync(() => ProcessUsage.Read(process)!.User > TimeSpan.FromMilliseconds(100), "some CPU time");
        var usage = ProcessUsage.Read(process)!;
        Assert.True(usage.User > usage.System, $"{usage}");
        Assert.True(ProcessClock.AgeOf(process) >= usage.User - TimeSpan.FromMilliseconds(20), $"{usage}");
    }

    [Fact]
    public void Another_process_with_the_pid_says_nothing()
    {
        var process = _bench.Shell("sleep 60");
        Assert.Null(ProcessUsage.Read(process with { StartTicks = process.StartTicks - 1 }));
        Assert.Null(ProcessClock.AgeOf(process with { BootId = "of another boot" }));
    }

    [Fact]
    public void What_the_end_told_goes_before_what_was_seen_before_it()
    {
        var seen = new ProcessUsage(5 * Mebi, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        var bare = new ProcessExit(0, null, false, null, null);
        var filled = ProcessUsage.Complete(bare, seen, TimeSpan.FromSeconds(9));
        Assert.Equal((5 * Mebi, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(9)),
            (filled.PeakMemory, filled.CpuTime, filled.UserTime, filled.Ran));
        var told = bare with { PeakMemory = 9 * Mebi, CpuTime = TimeSpan.FromSeconds(5), UserTime = TimeSpan.FromSeconds(4) };
        Assert.Equal(told, ProcessUsage.Complete(told, seen, null));
        Assert.Equal(bare, ProcessUsage.Complete(bare, null, null));
    }
}
