using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Logs;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Logs;

public sealed class LogKeeperTests
{
    private static readonly LogPolicy Policy = new(64L << 20, TimeSpan.FromDays(1));

    [Fact]
    public async Task A_process_at_full_speed_loses_no_line_to_rotation_while_agents_come_and_go()
    {
        const int linesMax = 400_000;
        using var bench = new LogBench();
        var expected = string.Concat(Enumerable.Range(1, linesMax).Select(i => $"line {i} of a process at full speed\n"));
        using var process = Start(bench, $"seq -f 'line %.0f of a process at full speed' 1 {linesMax}");
        var reading = ReadAsync(bench, expected.Length);
        for (var agents = 0; !reading.IsCompleted; agents++)
        {
            using var death = new CancellationTokenSource(TimeSpan.FromMilliseconds(30 + (agents * 17 % 100)));
            await RunAsync(bench, death.Token);
        }

        Assert.True(expected == await reading, "the lines that were read are those that were written, in their order");
        using var last = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await RunAsync(bench, last.Token);
        var moved = string.Concat(bench.Segments.List().Select(s => File.ReadAllText(s.Text)));
        Assert.True(expected == moved, "the lines that were moved are those that were written, in their order");
        Assert.True(bench.Segments.List().Length > 1);
        Assert.True(await BlocksAsync(bench.Log) < 9L << 20, "what was moved no longer takes room on the disk");
    }

    [TmpfsFact]
    public async Task A_disk_that_is_full_kills_no_process_and_the_newest_lines_come_through_when_there_is_room()
    {
        using var mount = new TemporaryDirectory();
        await ShellAsync($"mount -t tmpfs -o size=4m tmpfs {mount.Path}");
        try
        {
            using var bench = new LogBench(Path.Combine(mount.Path, "agent"));
            File.WriteAllBytes(mount["other"], new byte[1 << 20]);
            using var stop = new CancellationTokenSource();

            // Its writes fail now and then, and it goes on.
            using var process = Start(bench, "while :; do i=$((i+1)); echo line $i of one that never rests; done 2>/dev/null");
            try
            {
                // The bound is far beyond the disk: only the agent's reading behind, and giving up the oldest, makes room.
                await Eventually.TrueAsync(() => new DriveInfo(mount.Path).AvailableFreeSpace == 0, "the disk is full");
                var told = new ConcurrentQueue<AgentInput>();
                var running = RunAsync(bench, stop.Token, told);
                var before = new FileInfo(bench.Log).Length;
                await Eventually.TrueAsync(
                    () => new FileInfo(bench.Log).Length > before + (6 << 20), "more than the disk holds was written");
                Assert.False(process.HasExited);
                await Eventually.TrueAsync(
                    () => told.OfType<AgentInput.Happened>().Any(h => h.Kind == EventKind.LogCut), "what was given up is said");
                await stop.CancelAsync();
                await running;
                Assert.False(process.HasExited);
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync();
            }

            using var again = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await RunAsync(bench, again.Token);
            var kept = await bench.ReadAllAsync();
            Assert.Contains("\nline ", kept, StringComparison.Ordinal);
            Assert.DoesNotContain("\0", kept, StringComparison.Ordinal);
        }
        finally
        {
            await ShellAsync($"umount {mount.Path}");
        }
    }

    [Fact]
    public void The_log_of_an_instance_that_left_goes_when_it_is_old_and_nothing_is_done_before_the_state_is_known()
    {
        using var bench = new LogBench();
        bench.Append("bye\n");
        var time = new Support.ManualTime();
        var keeper = new LogKeeper(bench.Paths, _ => true, time, NullLogger<LogKeeper>.Instance);
        keeper.Sweep();
        Assert.Empty(bench.Segments.List());
        keeper.Observe(new AgentState { Host = new HostId("host1") });
        keeper.Sweep();
        Assert.Single(bench.Segments.List());
        for (var day = 0; day < 10; day++)
        {
            Assert.Equal(day < 7, File.Exists(bench.Log));
            time.Advance(TimeSpan.FromDays(1));
            keeper.Sweep();
            time.Advance(TimeSpan.FromSeconds(10));
            keeper.Sweep();
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(bench.Paths.Logs));
    }

    [Fact]
    public async Task A_removed_log_of_a_living_process_is_moved_on_and_the_next_process_gets_a_new_one()
    {
        using var bench = new LogBench();
        var told = new List<string>();
        var time = new Support.ManualTime();
        var keeper = new LogKeeper(bench.Paths, Told, time, NullLogger<LogKeeper>.Instance);
        keeper.Observe(new AgentState { Host = new HostId("host1") });
        const FileShare any = FileShare.ReadWrite | FileShare.Delete;
        using var process = new FileStream(bench.Log, FileMode.Append, FileAccess.Write, any, bufferSize: 0);
        process.Write("one\n"u8);
        Sweep();
        Directory.Delete(bench.Paths.Logs, recursive: true);
        process.Write("two\n"u8);
        Sweep();
        Sweep();
        Assert.Contains("somebody removed the log", Assert.Single(told), StringComparison.Ordinal);
        Assert.Equal("two\n", await bench.ReadAllAsync());
        process.Write("three\nand its la"u8);
        LogFile.Close(LogFile.Open(bench.Log));
        bench.Append("four\n");
        process.Write("st words"u8);
        Sweep();
        Sweep();
        Assert.Equal("two\nthree\nand its last words\nfour\n", await bench.ReadAllAsync());
        var last = await bench.ReadAsync(-11, 100);
        Assert.Equal("words\nfour\n", last.Text + await bench.ReadAllAsync(last.Next));
        Assert.Single(told);
        for (var i = 0; i < 6; i++)
        {
            Sweep();
        }

        Assert.Equal(2, told.Count);
        Assert.Contains("as it should be again", told[^1], StringComparison.Ordinal);

        bool Told(AgentInput input)
        {
            told.Add(((AgentInput.Happened)input).Text);
            return true;
        }

        void Sweep()
        {
            time.Advance(TimeSpan.FromSeconds(10));
            keeper.Sweep();
        }
    }

    [Fact]
    public void A_host_without_a_directory_of_logs_is_no_fault()
    {
        using var bench = new LogBench();
        var keeper = new LogKeeper(bench.Paths, _ => true, new Support.ManualTime(), NullLogger<LogKeeper>.Instance);
        keeper.Observe(new AgentState { Host = new HostId("host1") });
        Directory.Delete(bench.Paths.Logs);
        Assert.Equal(LogPace.Quiet, keeper.Sweep());
        LogFile.Close(LogFile.Open(bench.Log));
        Assert.True(File.Exists(bench.Log));
    }

    private static async Task RunAsync(LogBench bench, CancellationToken death, ConcurrentQueue<AgentInput>? told = null)
    {
        var keeper = new LogKeeper(bench.Paths, input => Add(told, input), TimeProvider.System, NullLogger<LogKeeper>.Instance);
        keeper.Observe(new AgentState
        {
            Host = new HostId("host1"),
            Assignment = new Assignment
            {
                Host = new HostId("host1"),
                Generation = new Generation(1),
                Instances = [AgentSamples.Assigned() with { Logs = Policy }],
            },
        });
        await keeper.RunAsync(death);
    }

    private static bool Add(ConcurrentQueue<AgentInput>? told, AgentInput input)
    {
        told?.Enqueue(input);
        return true;
    }

    /// <summary>As `zurg logs -f` does, beside the rotation.</summary>
    private static async Task<string> ReadAsync(LogBench bench, int bytes)
    {
        var text = new StringBuilder();
        var started = TimeProvider.System.GetTimestamp();
        for (var offset = 0L; text.Length < bytes && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60);)
        {
            var chunk = await bench.ReadAsync(offset, LogReader.BytesMax, TimeSpan.FromSeconds(1));
            if (chunk.Problem is null && chunk.Offset != offset)
            {
                return $"a gap from {offset} to {chunk.Offset}";
            }

            text.Append(chunk.Text);
            offset = chunk.Next;
        }

        return text.ToString();
    }

    private static Process Start(LogBench bench, string command) =>
        Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec >> {bench.Log}; {command}"]))!;

    private static async Task<long> BlocksAsync(string path) => 512 * long.Parse(
        await ShellAsync($"stat -c %b {path}"), System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<string> ShellAsync(string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true, UseShellExecute = false };
        using var shell = Process.Start(start)!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
        return output;
    }

    /// <summary>Skipped, visibly, where no small disk can be made.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class TmpfsFactAttribute : FactAttribute
    {
        public TmpfsFactAttribute()
        {
            using var mount = new TemporaryDirectory();
            var command = $"mount -t tmpfs tmpfs {mount.Path} 2>/dev/null && umount {mount.Path}";
            using var shell = Process.Start("/bin/sh", ["-c", command]);
            shell.WaitForExit();
            Skip = shell.ExitCode == 0 ? null! : "needs root: it mounts a small disk";
        }
    }
}
