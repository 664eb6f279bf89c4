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
        command.Pipes.EndInput();
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
            Assert.Null(ExecCommand.Start(request, _token, TimeProvider.System, out var hold));
            Assert.Equal(HoldReason.ExecutableMissing, hold!.Reason);
        }

        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 40);
    }

    private ExecCommand Start(string script)
    {
        _command = ExecCommand.Start(Request(script), _token, TimeProvider.System, out var hold);
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
