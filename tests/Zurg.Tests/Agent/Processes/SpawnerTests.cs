using System.Collections.Immutable;
using System.Globalization;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Processes;

public sealed class SpawnerTests : IDisposable
{
    private readonly ProcessBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task The_environment_is_exactly_what_was_asked_for()
    {
        var request = _bench.Request("/usr/bin/env");
        var lines = (await _bench.RunAsync(request))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Order(StringComparer.Ordinal);
        Assert.Equal(request.Env.Select(v => $"{v.Key}={v.Value}").Order(StringComparer.Ordinal), lines);
    }

    [Fact]
    public async Task No_signal_is_ignored_or_masked_although_dotnet_ignores_SIGPIPE()
    {
        Assert.NotEqual(0UL, MaskOf(File.ReadAllText("/proc/self/status"), "SigIgn"));
        var status = await _bench.RunAsync(_bench.Request("/bin/cat", "/proc/self/status"));
        Assert.Equal(0UL, MaskOf(status, "SigIgn"));
        Assert.Equal(0UL, MaskOf(status, "SigBlk"));
    }

    [Fact]
    public async Task It_leads_a_session_and_a_group_of_its_own()
    {
        var process = _bench.Shell("sleep 60");
        var stat = ProcessStat.Read(process.Pid)!.Value;
        Assert.Equal((process.Pid, process.Pid, Environment.ProcessId), (stat.Group, stat.Session, stat.Parent));
        await ProcessTree.KillAsync(process, _bench.Token, true, TimeProvider.System, CancellationToken.None);
    }

    [Fact]
    public async Task Only_stdin_stdout_and_stderr_are_open()
    {
        using var file = File.OpenRead("/etc/passwd");
        var fds = await _bench.RunAsync(_bench.Request("/bin/sh", "-c", "ls /proc/$$/fd; readlink /proc/$$/fd/0"));
        Assert.Equal("0\n1\n2\n/dev/null\n", fds);
    }

    [Fact]
    public async Task It_runs_in_its_working_directory_and_gets_its_arguments_as_they_are()
    {
        var directory = Directory.CreateDirectory(Path.Combine(_bench.Directory, "with blank")).FullName;
        var request = _bench.Request("/bin/sh", "-c", "pwd; printf '%s\\n' \"$@\"", "sh", "a b", "", "ü$x") with
        {
            WorkingDirectory = directory,
        };
        Assert.Equal($"{directory}\na b\n\nü$x\n", await _bench.RunAsync(request));
    }

    [Fact]
    public async Task The_limit_of_open_files_holds()
    {
        var request = _bench.Request("/bin/sh", "-c", "ulimit -n; echo $$; exec 200</dev/null") with
        {
            Limits = Limits((ProcessLimit.OpenFiles, 123)),
        };
        var process = _bench.Start(request);
        Assert.NotEqual(0, (await ProcessBench.ExitOf(process)).Code);
        var lines = _bench.Output.Split('\n');
        Assert.Equal("123", lines[0]);
        Assert.Equal(process.Pid.ToString(CultureInfo.InvariantCulture), lines[1]);
    }

    [Fact]
    public async Task Limits_priorities_and_umask_hold_from_the_first_instruction_and_are_not_the_agents()
    {
        var (umask, files) = (Status("Umask"), File.ReadAllText("/proc/self/limits"));
        const string script = "cat /proc/self/limits; umask; nice; cat /proc/self/oom_score_adj; :>made";
        var request = _bench.Request("/bin/sh", "-c", script) with
        {
            Limits = Limits((ProcessLimit.OpenFiles, 99), (ProcessLimit.Core, 0), (ProcessLimit.Stack, 1 << 20),
                (ProcessLimit.LockedMemory, 4096), (ProcessLimit.FileSize, 12345678)),
            Umask = 0x1F,
            Nice = 7,
            OomScoreAdj = 321,
        };
        for (var i = 0; i < 2; i++)
        {
            var lines = (await _bench.RunAsync(request)).Split('\n').TakeLast(20).ToList();
            Assert.Equal(["0037", "7", "321", ""], lines[^4..]);
            Assert.Equal(("99", "99"), LimitOf(lines, "Max open files"));
            Assert.Equal(("0", "0"), LimitOf(lines, "Max core file size"));
            Assert.Equal(("1048576", "1048576"), LimitOf(lines, "Max stack size"));
            Assert.Equal(("4096", "4096"), LimitOf(lines, "Max locked memory"));
            Assert.Equal(("12345678", "12345678"), LimitOf(lines, "Max file size"));
            request = request with { Args = request.Args.SetItem(1, request.Args[1] + "$RANDOM") };
        }

        Assert.Equal((UnixFileMode)0b110_100_000, File.GetUnixFileMode(Path.Combine(_bench.Directory, "made")));
        Assert.Equal((umask, files), (Status("Umask"), File.ReadAllText("/proc/self/limits")));
    }

    [Fact]
    public void A_dressed_start_that_fails_says_why()
    {
        var hold = ProcessBench.HoldOf(_bench.Request("/bin/true", new string('x', 200_000)) with { Nice = 3 });
        Assert.Contains("too long for the kernel", hold.Text, StringComparison.Ordinal);
    }

    [RootFact]
    public async Task It_runs_with_the_group_and_the_groups_that_are_asked_for()
    {
        var request = _bench.Request("/bin/sh", "-c", "id -un; id -gn; id -Gn") with
        {
            User = "nobody", Group = "daemon", Groups = ["mail"], Nice = 1,
        };
        var lines = (await _bench.RunAsync(request)).Split('\n');
        Assert.Equal(["nobody", "daemon"], lines[..2]);
        Assert.Equal(["daemon", "mail"], lines[2].Split(' ').Order(StringComparer.Ordinal));
        Assert.Contains("the group 'no-such-group' does not exist",
            ProcessBench.HoldOf(_bench.Request("/bin/true") with { Groups = ["no-such-group"] }).Text, StringComparison.Ordinal);
    }

    [RootFact]
    public void A_script_that_its_user_may_not_read_is_a_hold()
    {
        var script = _bench.Script("#!/bin/sh\n", "private");
        File.SetUnixFileMode(script, (UnixFileMode)Convert.ToInt32("711", 8));
        var hold = ProcessBench.HoldOf(_bench.Request(script) with { User = "nobody" });
        Assert.Equal(HoldReason.AccessDenied, hold.Reason);
        Assert.StartsWith($"the user 'nobody' may not read {script} (mode 0711", hold.Text, StringComparison.Ordinal);
    }

    [RootFact]
    public async Task It_runs_as_its_user_with_the_same_pid()
    {
        var process = _bench.Start(_bench.Request("/bin/sh", "-c", "id -un; id -gn; echo $$") with { User = "nobody" });
        Assert.Equal(0, (await ProcessBench.ExitOf(process)).Code);
        Assert.Equal($"nobody\nnogroup\n{process.Pid}\n", _bench.Output);
    }

    [Fact]
    public void An_unknown_user_is_a_hold()
    {
        var hold = ProcessBench.HoldOf(_bench.Request("/bin/true") with { User = "no-such-user" });
        Assert.Equal(HoldReason.SpawnFailed, hold.Reason);
        Assert.Contains("the user 'no-such-user' does not exist on this host", hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_working_directory_is_a_hold()
    {
        var hold = ProcessBench.HoldOf(_bench.Request("/bin/true") with { WorkingDirectory = "/no/such/directory" });
        Assert.Equal(HoldReason.SpawnFailed, hold.Reason);
        Assert.Contains("/no/such/directory", hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_executable_says_what_is_there_instead()
    {
        _bench.Script("#!/bin/sh\n", "serve");
        var hold = ProcessBench.HoldOf(_bench.Request(Path.Combine(_bench.Directory, "server")));
        Assert.Equal(HoldReason.ExecutableMissing, hold.Reason);
        Assert.Contains("server does not exist (the directory has output, serve)", hold.Text, StringComparison.Ordinal);
        Assert.NotNull(hold.Mend);
    }

    [Theory]
    [InlineData("#!/bin/sh\n", "644", "is not executable")]
    [InlineData("#!/no/such/interpreter -x\n", "755", "wants the interpreter /no/such/interpreter, which does not exist")]
    [InlineData("#!/bin/sh\r\necho\r\n", "755", "ends with a carriage return")]
    [InlineData("echo hello\n", "755", "neither a program nor a script with a #! line")]
    [InlineData("", "755", "neither a program nor a script with a #! line")]
    public void What_cannot_be_run_says_why(string text, string mode, string why)
    {
        var path = _bench.Script(text);
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
        var hold = ProcessBench.HoldOf(_bench.Request(path));
        Assert.Equal(HoldReason.ExecutableMissing, hold.Reason);
        Assert.Contains(why, hold.Text, StringComparison.Ordinal);
        Assert.Contains(path, hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_is_not_run() =>
        Assert.Contains("is a directory", ProcessBench.HoldOf(_bench.Request("/usr/bin")).Text, StringComparison.Ordinal);

    [Fact]
    public void A_program_for_another_machine_or_without_its_loader_says_so()
    {
        var program = File.ReadAllBytes("/bin/true");
        var path = _bench.Script("", "program");
        program[18] = 0xF3;
        File.WriteAllBytes(path, program);
        Assert.Contains("another kind of machine", ProcessBench.HoldOf(_bench.Request(path)).Text, StringComparison.Ordinal);

        program = File.ReadAllBytes("/bin/true");
        var loader = program.AsSpan().IndexOf("/lib"u8);
        program[loader + 1] = (byte)'X';
        File.WriteAllBytes(path, program);
        Assert.Contains("wants the loader /Xib", ProcessBench.HoldOf(_bench.Request(path)).Text, StringComparison.Ordinal);
    }

    private static ImmutableSortedDictionary<ProcessLimit, long> Limits(params (ProcessLimit Limit, long Value)[] limits) =>
        limits.ToImmutableSortedDictionary(l => l.Limit, l => l.Value);

    private static (string Soft, string Hard) LimitOf(IEnumerable<string> lines, string name) =>
        lines.First(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, var hard, ..] ? (soft, hard) : ("", "");

    private static string Status(string field) =>
        File.ReadLines("/proc/self/status").First(l => l.StartsWith(field, StringComparison.Ordinal));

    private static ulong MaskOf(string status, string name) => ulong.Parse(
        status.Split('\n').First(l => l.StartsWith(name, StringComparison.Ordinal)).Split('\t')[1],
        NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
