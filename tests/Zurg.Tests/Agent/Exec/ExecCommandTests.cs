using System.Collections.Immutable;
using System.Text;
using Zurg.Agent.Exec;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Exec;

public sealed class ExecCommandTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly string _token = $"exec/test/{Path.GetRandomFileName()}";
    private readonly CancellationTokenSource _stop = new(Deadline);
    private ExecCommand? _command;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await ProcessTree.KillAsync(null, _token, watched: false, TimeProvider.System, _stop.Token);
        _command?.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Stdin_is_read_to_its_end_and_stdout_and_stderr_come_apart()
    {
        var command = Start("cat; echo oops >&2; exit 3");
        await command.Pipes.GiveAsync("hello "u8.ToArray(), _stop.Token);
        await command.Pipes.GiveAsync("world"u8.ToArray(), _stop.Token);
        await command.Pipes.EndInputAsync(_stop.Token);
        var (output, error) = await ReadAsync(command);
        Assert.Equal(("hello world", "oops\n"), (output, error));
        Assert.Equal(3, (await command.Exit.WaitAsync(_stop.Token)).Code);
    }

    [Fact]
    public async Task A_caller_that_does_not_read_makes_the_command_wait()
    {
        var command = Start("yes | head -c 3000000; echo done >&2");

        // Without anybody who takes it, only so much is read: the rest waits in the pipe and in the command.
        await Processes.ProcessBench.UntilAsync(() => command.Pipes.Output.Count >= 8, "the bound");
        Assert.False(command.Exit.IsCompleted);
        Assert.InRange(command.Pipes.Output.Count, 1, 9);
        var (output, error) = await ReadAsync(command);
        Assert.Equal((3_000_000, "done\n"), (output.Length, error));
    }

    [Fact]
    public async Task What_a_command_leaves_running_is_killed_and_holds_its_output_open_no_more()
    {
        var command = Start("(setsid sleep 60 &) ; echo started");
        await command.Exit.WaitAsync(_stop.Token);
        await command.EndAsync(_stop.Token);
        Assert.Equal("started\n", (await ReadAsync(command)).Output);
        Assert.Empty(ProcessTree.Living(null, _token, false));
    }

    [Fact]
    public async Task A_caller_that_has_gone_is_a_polite_signal_and_then_the_end()
    {
        var command = Start("trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
        await command.Pipes.Output.WaitToReadAsync(_stop.Token);
        await command.HangUpAsync(_stop.Token);
        Assert.Equal(5, (await command.Exit.WaitAsync(_stop.Token)).Code);
    }

    [Fact]
    public void A_program_that_is_not_there_is_told_and_leaves_no_pipe_open()
    {
        var before = Directory.GetFiles("/proc/self/fd").Length;
        for (var i = 0; i < 50; i++)
        {
            var request = Request("true") with { Executable = "/no/such/program" };
            Assert.Null(ExecCommand.Start(request, null, _token, TimeProvider.System, out var hold));
            Assert.Equal(HoldReason.ExecutableMissing, hold!.Reason);
        }

        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 40);
    }

    [Fact]
    public async Task On_a_terminal_the_command_leads_a_session_that_has_it_and_finds_its_size_and_kind()
    {
        var command = Start(
            "test -t 0 && test -t 1 && test -t 2 && stty size && echo $TERM && ps -o tpgid= -p $$ && echo $$ >/dev/tty",
            new ExecTerminal(new ExecWindow(132, 50)) { Type = "vt220" });
        var (output, error) = await ReadAsync(command);
        var lines = output.Split("\r\n").Select(l => l.Trim()).ToArray();
        Assert.Equal(["50 132", "vt220", $"{command.Pid}", $"{command.Pid}", ""], lines);
        Assert.Equal("", error);
        Assert.Equal(0, (await command.Exit.WaitAsync(_stop.Token)).Code);
    }

    [Fact]
    public async Task Ctrl_C_is_a_byte_that_interrupts_what_is_in_the_foreground_and_not_the_shell()
    {
        // What is in the foreground says itself that it is there: before, the key would reach the shell alone.
        var command = Start(
            "trap 'echo caught' INT; sh -c 'echo ready; exec sleep 60'; echo \"after $?\"; cat; exit 4", Terminal);
        await ReadUntilAsync(command, "ready\r\n");
        await command.Pipes.GiveAsync([3], _stop.Token);
        Assert.Contains("after 130", await ReadUntilAsync(command, "after 130\r\n"), StringComparison.Ordinal);

        // The end of the input is the key Ctrl-D, and what is typed is echoed by the terminal itself.
        await command.Pipes.GiveAsync("typed\r"u8.ToArray(), _stop.Token);
        await ReadUntilAsync(command, "typed\r\ntyped\r\n");
        await command.Pipes.EndInputAsync(_stop.Token);
        await ReadAsync(command);
        Assert.Equal(4, (await command.Exit.WaitAsync(_stop.Token)).Code);
    }

    [Fact]
    public async Task A_window_of_another_size_is_told_to_the_program()
    {
        var command = Start("trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done", Terminal);
        await ReadUntilAsync(command, "ready\r\n");
        command.Resize(new ExecWindow(99, 1_000_000));
        Assert.Equal("65535 99\r\n", (await ReadAsync(command)).Output);
        Assert.Equal(0, (await command.Exit.WaitAsync(_stop.Token)).Code);
    }

    [Fact]
    public async Task A_caller_that_has_gone_hangs_the_terminal_up()
    {
        // TERM alone would not do: an interactive shell ignores it.
        var command = Start("trap '' TERM; trap 'exit 6' HUP; echo ready; while :; do sleep 0.05; done", Terminal);
        await ReadUntilAsync(command, "ready\r\n");
        await command.HangUpAsync(_stop.Token);
        Assert.Equal(6, (await command.Exit.WaitAsync(_stop.Token)).Code);
    }

    [Fact]
    public async Task A_flood_on_a_terminal_waits_for_its_reader_and_nothing_of_it_is_lost()
    {
        var command = Start("stty -opost; yes | head -c 1000000", Terminal);
        await Processes.ProcessBench.UntilAsync(() => command.Pipes.Output.Count >= 8, "the bound");
        Assert.False(command.Exit.IsCompleted);
        Assert.Equal(1_000_000, (await ReadAsync(command)).Output.Length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("evil\nname")]
    public async Task A_kind_of_terminal_that_is_no_name_is_taken_for_xterm(string? type)
    {
        var command = Start("echo $TERM", Terminal with { Type = type });
        Assert.Equal("xterm\r\n", (await ReadAsync(command)).Output);
    }

    [RootFact]
    public async Task Another_users_terminal_is_that_users_own()
    {
        var request = Request("id -un; tty; stat -c %U $(tty); echo there >$(tty)") with { User = "nobody" };
        var output = (await ReadAsync(Start(request, Terminal))).Output.Split("\r\n");
        Assert.StartsWith("/dev/pts/", output[1], StringComparison.Ordinal);
        Assert.Equal(("nobody", "nobody", "there"), (output[0], output[2], output[3]));
    }

    private static ExecTerminal Terminal => new(new ExecWindow(80, 24));

    private ExecCommand Start(string script, ExecTerminal? terminal = null) => Start(Request(script), terminal);

    private ExecCommand Start(SpawnRequest request, ExecTerminal? terminal)
    {
        _command = ExecCommand.Start(request, terminal, _token, TimeProvider.System, out var hold);
        Assert.Null(hold);
        return _command!;
    }

    private static SpawnRequest Request(string script) => new()
    {
        Executable = "/bin/sh",
        Args = ["-c", script],
        Env = ImmutableSortedDictionary<string, string>.Empty.Add("PATH", "/usr/bin:/bin"),
        WorkingDirectory = "/",
        Output = -1,
    };

    private async Task<string> ReadUntilAsync(ExecCommand command, string text)
    {
        var read = "";
        while (!read.Contains(text, StringComparison.Ordinal) && await command.Pipes.Output.WaitToReadAsync(_stop.Token))
        {
            if (command.Pipes.Output.TryRead(out var frame))
            {
                read += Encoding.UTF8.GetString(frame.AsSpan(1));
                command.Pipes.Sent();
            }
        }

        return read;
    }

    private async Task<(string Output, string Error)> ReadAsync(ExecCommand command)
    {
        var texts = new[] { new StringBuilder(), new StringBuilder(), new StringBuilder() };
        while (await command.Pipes.Output.WaitToReadAsync(_stop.Token))
        {
            while (command.Pipes.Output.TryRead(out var frame))
            {
                texts[frame[0]].Append(Encoding.UTF8.GetString(frame.AsSpan(1)));
                command.Pipes.Sent();
            }
        }

        return (texts[ExecMessage.Output].ToString(), texts[ExecMessage.Error].ToString());
    }
}
