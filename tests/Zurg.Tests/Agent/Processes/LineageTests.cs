using System.Diagnostics;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Tests.Agent.Processes;

public sealed class LineageTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly ProcessBench _bench = new();

    public LineageTests() => Assert.True(Lineage.Begin());

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Nothing_is_left_of_a_process_that_was_alone()
    {
        // Orphans of tests that run beside this one may be anybody's: then it does not claim to know.
        var began = Stopwatch.GetTimestamp();
        var over = false;
        while (!over && Stopwatch.GetElapsedTime(began) < Deadline)
        {
            var (process, thread) = Start("exit 0");
            await ProcessBench.ExitOf(process);
            over = Lineage.IsOver(process, thread);
        }

        Assert.True(over);
    }

    [Theory]
    [InlineData("sleep 47.11 & exit 0")]
    [InlineData("setsid sleep 47.11 & exit 0")]
    [InlineData("setsid sh -c 'setsid env -i /bin/sleep 47.11 & exit 0' & wait; exit 0")]
    public async Task An_orphan_is_seen_whatever_it_did_to_get_away(string script)
    {
        var (process, thread) = Start(script);
        await ProcessBench.ExitOf(process);
        var over = Lineage.IsOver(process, thread);
        KillOrphans(process);
        Assert.False(over);
    }

    [Fact]
    public void A_process_that_still_runs_is_not_over()
    {
        var (process, thread) = Start("exec sleep 47.11");
        _ = ExitWatcher.Shared.WatchAsync(process);
        Assert.False(Lineage.IsOver(process, thread));
    }

    private (ProcessIdentity Process, int Thread) Start(string script) => (_bench.Shell(script), Libc.ThreadId());

    /// <summary>One wiped its environment and its session: the bench would not find it.</summary>
    private static void KillOrphans(ProcessIdentity process)
    {
        foreach (var orphan in ProcessStat.ReadAll().Where(p => p.Parent == Environment.ProcessId && p.Pid > process.Pid))
        {
            if (ProcessStat.Describe(orphan.Pid).Contains("sleep 47.11", StringComparison.Ordinal))
            {
                _ = Libc.Kill(orphan.Pid, UnixSignal.Kill);
            }
        }
    }
}
