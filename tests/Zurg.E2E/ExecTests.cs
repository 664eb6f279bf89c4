using System.Diagnostics;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>zurg exec as scripts and people use it.</summary>
public sealed class ExecTests(DevFixture dev) : IClassFixture<DevFixture>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Output_errors_input_and_the_exit_code_come_through()
    {
        var both = await ShellAsync($"{Zurg} exec host1 -- sh -c 'echo out; echo err >&2; exit 7'");
        Assert.Equal((7, "out\n", "err\n"), (both.ExitCode, both.Output, both.Errors));
        Assert.Equal("ABC", (await ShellAsync($"printf abc | {Zurg} exec host1 -- tr a-z A-Z")).Output);
        Assert.Equal(137, (await ShellAsync($"echo 'kill -9 $$' | {Zurg} exec host1")).ExitCode);
        Assert.Equal(255, (await ShellAsync($"{Zurg} exec nowhere -- true")).ExitCode);

        // What the command does not read is no reason to wait, and what nobody reads ends it.
        Assert.Equal("y\n", (await ShellAsync($"yes | {Zurg} exec host1 -- head -1")).Output);
        Assert.Equal("20000000\n", (await ShellAsync($"{Zurg} exec host2 -- yes | head -c 20000000 | wc -c")).Output);
        await GoneAsync("yes");
    }

    [Fact]
    public async Task A_caller_that_is_killed_takes_its_command_along_and_no_host_falls_silent()
    {
        string[] call = ["exec", "host1", "--", "sh", "-c", "sleep 86111 & sleep 86111; echo"];
        using (var caller = ZurgProgram.Start(dev.Directory, call))
        {
            try
            {
                await DevFixture.Until("the command to run", Soon, () => Task.FromResult(Sleepers("86111").Any()));
            }
            finally
            {
                caller.Kill(entireProcessTree: true);
            }
        }

        await GoneAsync("86111");
        var status = await dev.StatusAsync();
        Assert.All(status.Hosts, h => Assert.Equal(HostSession.Connected, h.Session));
        var events = await ShellAsync($"{Zurg} history host1");
        Assert.Contains("e2e runs 'sh -c sleep 86111", events.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("host_silent", events.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_wants_a_terminal_gets_one_and_the_callers_own_is_as_before()
    {
        var ran = await AtTerminalAsync($"""
            stty rows 33 cols 99
            stty -g >before
            {Zurg} exec -t host1 -- sh -c 'stty size; exit 5'
            echo code $?
            stty -g | cmp - before && echo as before
            """);
        Assert.Matches(@"33 99\r\n(.|\n)*code 5\r\nas before", ran.Output);
        var none = await ShellAsync($"{Zurg} exec -t host1 -- true </dev/null");
        Assert.Equal(255, none.ExitCode);
        Assert.Contains("stdin is not a terminal", none.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_is_killed_hangs_its_terminal_up_there()
    {
        // The shell there says that it was hung up: SIGTERM would be another word.
        var left = Path.Combine(dev.Directory, "left");
        var ran = await AtTerminalAsync($"""
            hung='trap "echo hung up >{left}; exit" HUP; echo begun >{left}; while :; do sleep 0.1; done'
            {Zurg} exec -t host1 -- sh -c "$hung" </dev/tty &
            while ! grep -q begun {left}; do sleep 0.1; done
            kill -9 $!
            while ! grep -q "hung up" {left}; do sleep 0.1; done
            echo seen
            """);
        Assert.Contains("seen", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_was_told_to_runs_no_commands()
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartMasterAsync();
        cluster.StartClosedAgent();
        var file = cluster.Shared("touched");
        var ran = await cluster.ZurgAsync("exec", "host1", "touch", file);
        for (var late = Environment.TickCount64 + 60_000; ran.Errors.Contains("no service", StringComparison.Ordinal);)
        {
            // The host is not known before its first report.
            Assert.True(Environment.TickCount64 < late, $"{ran}");
            ran = await cluster.ZurgAsync("exec", "host1", "touch", file);
        }

        Assert.Equal(255, ran.ExitCode);
        Assert.Contains("its agent was started with --no-exec", ran.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    private static string Zurg => $"'{ZurgProgram.Launcher}'";

    private static Task GoneAsync(string word) =>
        DevFixture.Until($"nothing of '{word}' to be left", Soon, () => Task.FromResult(!Sleepers(word).Any()));

    /// <summary>Programs, not zurg itself, whose last word on the command line this is.</summary>
    private static IEnumerable<int> Sleepers(string word) =>
        from directory in Directory.EnumerateDirectories("/proc")
        let pid = int.TryParse(Path.GetFileName(directory), out var number) ? number : 0
        let command = pid > 0 ? CommandOf(pid) : []
        where command is (["sleep", _] or ["yes"]) && command[^1] == word
        select pid;

    private static string[] CommandOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").TrimEnd('\0').Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>At a terminal of script(1), at which nobody types: its stdin is a FIFO that does not end.</summary>
    private async Task<Ran> AtTerminalAsync(string lines)
    {
        var name = Path.GetRandomFileName();
        await File.WriteAllTextAsync(Path.Combine(dev.Directory, name), lines);
        return await ShellAsync($"mkfifo {name}.typed && TERM=xterm script -qec 'sh {name}' {name}.said <>{name}.typed");
    }

    private async Task<Ran> ShellAsync(string script)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", script])
        {
            WorkingDirectory = dev.Directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("ZURG_MASTER");
        start.Environment["ZURG_AUTHOR"] = "e2e";
        using var shell = Process.Start(start)!;
        shell.StandardInput.Close();
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            var output = shell.StandardOutput.ReadToEndAsync(late.Token);
            var errors = shell.StandardError.ReadToEndAsync(late.Token);
            await shell.WaitForExitAsync(late.Token);
            return new Ran(shell.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException e)
        {
            shell.Kill(entireProcessTree: true);
            throw new TimeoutException($"did not end: {script}", e);
        }
    }
}
