using Zurg.Cli;
using Zurg.Tests.Cli.Client;

namespace Zurg.Tests.Cli.Verbs;

public sealed class ExecVerbTests
{
    [Fact]
    public async Task A_terminal_that_is_not_there_is_refused_before_anything_is_asked()
    {
        using var directory = new TemporaryDirectory();
        var (exit, errors) = await RunAsync(directory, "http://127.0.0.1:1", null);
        Assert.Equal(ExitCode.NotRun, exit);
        Assert.Contains("stdin is not a terminal, and -t needs one", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_cluster_is_nothing_was_run_and_the_code_says_so()
    {
        using var directory = new TemporaryDirectory();
        string[] line = ["exec", "host1", "--", "true"];
        Assert.Equal(ExitCode.NotRun, await CommandLine.RunAsync(line, new Screens().Pipe, Screens.At(directory.Path)));
    }

    [Fact]
    public async Task A_master_that_knows_no_terminals_is_told_of_no_command()
    {
        var heard = new TaskCompletionSource<int>();
        await using var master = await LoopbackServer.StartAsync(async http =>
        {
            // An older build takes the connection and knows nothing of subprotocols.
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var piece = await socket.ReceiveAsync(new byte[100], http.RequestAborted)
                .ContinueWith(t => t.IsCompletedSuccessfully ? t.Result.Count : 0, TaskScheduler.Default);
            heard.SetResult(piece);
        });
        using var directory = new TemporaryDirectory();
        using var terminal = new TestTerminal();
        var before = terminal.Settings;
        var (exit, errors) = await RunAsync(directory, $"{master.Url}", terminal);
        Assert.Equal(ExitCode.NotRun, exit);
        Assert.Contains("the master is of a build that knows no terminals", errors, StringComparison.Ordinal);
        Assert.Equal(0, await heard.Task.WaitAsync(Eventually.Deadline));
        Assert.Equal(before, terminal.Settings);
    }

    private static async Task<(int Exit, string Errors)> RunAsync(
        TemporaryDirectory directory, string master, TestTerminal? terminal)
    {
        File.WriteAllText(directory["token"], "t");
        var screens = new Screens();
        var surroundings = Screens.At(directory.Path, ("ZURG_MASTER", master), ("ZURG_TOKEN_FILE", "token")) with
        {
            Terminal = terminal?.Caller,
        };
        string[] line = ["exec", "-t", "host1", "--", "top"];
        var exit = await CommandLine.RunAsync(line, screens.Pipe, surroundings).WaitAsync(Eventually.Deadline);
        return (exit, screens.Errors.ToString());
    }
}
