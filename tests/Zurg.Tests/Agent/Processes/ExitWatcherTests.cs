using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Tests.Agent.Processes;

public sealed class ExitWatcherTests(ITestOutputHelper output) : IDisposable
{
    private readonly ProcessBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task An_exit_code_arrives_with_what_was_used()
    {
        var exit = await ProcessBench.ExitOf(_bench.Shell("exit 7"));
        Assert.Equal((7, null, false), (exit.Code, exit.Signal, exit.CoreDumped));
        Assert.True(exit.CpuTime >= exit.UserTime, $"{exit.CpuTime} of CPU, {exit.UserTime} of it the program's");
    }

    [Theory]
    [InlineData("TERM", 15)]
    [InlineData("KILL", 9)]
    public async Task A_signal_arrives_by_its_number(string name, int number)
    {
        var exit = await ProcessBench.ExitOf(_bench.Shell($"kill -{name} $$"));
        Assert.Equal((null, number), (exit.Code, exit.Signal));
    }

    [Fact]
    public async Task A_dumped_core_is_told()
    {
        var exit = await ProcessBench.ExitOf(_bench.Shell("ulimit -c unlimited && kill -ABRT $$"));
        Assert.Equal(6, exit.Signal);
        var piped = File.ReadAllText("/proc/sys/kernel/core_pattern").StartsWith('|');
        Assert.True(exit.CoreDumped || piped, "no core was dumped although the limit allows it");
    }

    [Fact]
    public async Task An_exit_that_nobody_watched_yet_is_not_lost()
    {
        var process = _bench.Shell("exit 3");
        await ProcessBench.UntilAsync(() => ProcessStat.Read(process.Pid) is { State: 'Z' }, "its end");
        Assert.Equal(3, (await ProcessBench.ExitOf(process)).Code);
    }

    [Fact]
    public async Task A_zombie_that_somebody_else_has_to_reap_tells_how_it_ended()
    {
        // The shell never waits: its child stays a zombie. What is no end, or another process's, says nothing.
        var parent = _bench.Shell("sh -c 'exit 7' & echo $!; exec sleep 60");
        await ProcessBench.UntilAsync(() => _bench.Output.Contains('\n'), "the pid of the child");
        var pid = int.Parse(_bench.Output, CultureInfo.InvariantCulture);
        await ProcessBench.UntilAsync(() => ProcessStat.Read(pid) is { State: 'Z' }, "its end");
        var child = ProcessStat.Read(pid)!.Value.Identity;
        Assert.Equal(7, ExitWatcher.Decode(ProcessStat.EndOf(child)!.Value).Code);
        Assert.Null(ProcessStat.EndOf(child with { StartTicks = child.StartTicks + 1 }));
        Assert.Null(ProcessStat.EndOf(child with { BootId = "of another boot" }));
        Assert.Null(ProcessStat.EndOf(parent));
    }

    [Fact]
    public async Task A_pid_that_is_anothers_by_now_is_gone_not_watched()
    {
        var process = _bench.Shell("sleep 60");
        var exit = await ProcessBench.ExitOf(process with { StartTicks = process.StartTicks - 1 });
        Assert.Equal(new ProcessExit(null, null, false, null, null), exit);
        Assert.True(ProcessStat.IsAlive(process));
    }

    [Fact]
    public async Task A_process_that_is_not_our_child_is_adopted()
    {
        // The shell in between ends at once, so the sleeper is the child of whoever adopts orphans: never of the test before
        // that.
        _bench.Shell("(sleep 0.3; exit 5) & echo $! > pid; sleep 60");
        var path = Path.Combine(_bench.Directory, "pid");
        await ProcessBench.UntilAsync(() => File.Exists(path) && File.ReadAllText(path).EndsWith('\n'), "the pid");
        var grandchild = ProcessStat.Read(int.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture))!.Value;
        Assert.NotEqual(Environment.ProcessId, grandchild.Parent);
        var exit = await ProcessBench.ExitOf(grandchild.Identity);
        Assert.True(exit.Code is 5 or null, $"{exit}");
        output.WriteLine(
            $"exit code of a foreign process: {exit.Code?.ToString(CultureInfo.InvariantCulture) ?? "not told by this kernel"}");
    }

    [Fact]
    public async Task One_that_is_not_our_child_tells_how_it_ended_though_nobody_reaps_it()
    {
        _bench.Shell("sleep 60 & echo $!; exec sleep 60");
        await ProcessBench.UntilAsync(() => _bench.Output.Contains('\n'), "the pid of the child");
        var pid = int.Parse(_bench.Output, CultureInfo.InvariantCulture);
        var exit = ProcessBench.ExitOf(ProcessStat.Read(pid)!.Value.Identity);
        _ = Libc.Kill(pid, 9);
        Assert.Equal(9, (await exit).Signal);
        Assert.Equal('Z', ProcessStat.Read(pid)?.State);
    }

    [Fact]
    public async Task A_hundred_at_once_are_all_told_apart()
    {
        var processes = Enumerable.Range(0, 100).Select(i => _bench.Start(_bench.Request("/bin/sh", "-c", $"exit {i}"))).ToList();
        var exits = await Task.WhenAll(processes.Select(ProcessBench.ExitOf));
        Assert.Equal(Enumerable.Range(0, 100), exits.Select(e => e.Code ?? -1));
    }

    [Fact]
    public async Task Processes_of_dotnet_keep_their_exit_codes_beside_it()
    {
        var reaper = new OrphanReaper(TimeProvider.System);
        for (var i = 1; i <= 10; i++)
        {
            var ours = ProcessBench.ExitOf(_bench.Shell($"exit {i}"));
            using var theirs = Process.Start("/bin/sh", ["-c", $"exit {i + 100}"]);
            reaper.Sweep();
            await theirs.WaitForExitAsync();
            Assert.Equal((i, i + 100), ((await ours).Code ?? -1, theirs.ExitCode));
        }
    }

    [Fact]
    public async Task Ends_and_starts_at_the_same_time_are_not_mixed_up()
    {
        // While one is being spawned it holds a copy of the pidfds of others: their ends must not be told as this one's.
        var exits = await Task.WhenAll(Enumerable.Range(1, 8).Select(lane => Task.Run(async () =>
        {
            var codes = new List<int?>();
            for (var i = 0; i < 40; i++)
            {
                codes.Add((await ProcessBench.ExitOf(_bench.Shell($"exit {lane}"))).Code);
            }

            return codes.TrueForAll(c => c == lane);
        })));
        Assert.DoesNotContain(false, exits);
    }

    [Fact]
    public async Task Orphans_are_reaped_by_the_second_look()
    {
        Assert.Equal(0, Libc.BecomeSubreaper());
        var reaper = new OrphanReaper(TimeProvider.System);
        await ProcessBench.ExitOf(_bench.Shell("setsid sh -c 'echo $$ > orphan; exit 0' & wait; (sleep 0.1 & echo $! > orphan)"));
        var pid = int.Parse(File.ReadAllText(Path.Combine(_bench.Directory, "orphan")), CultureInfo.InvariantCulture);
        await ProcessBench.UntilAsync(() => ProcessStat.Read(pid) is null or { State: 'Z' }, "the orphan's end");
        reaper.Sweep();
        await Task.Delay(500);
        reaper.Sweep();
        Assert.Null(ProcessStat.Read(pid));
    }
}
