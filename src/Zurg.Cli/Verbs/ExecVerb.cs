using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class ExecVerb : ClientVerb
{
    public const string Summary = "run a command on a host, with a service's environment";

    private readonly Argument<string> target =
        new("INSTANCE|SERVICE|HOST") { Description = "web.0; web for its first instance that runs; host1 for the host itself" };
    private readonly Argument<string[]> command = new("COMMAND")
    {
        Description = "the program and its arguments, behind '--'; /bin/sh when left out",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<bool> host = new("--host") { Description = "the name is a host's, though a service has it too" };

    private readonly Option<bool> tty = new("--tty", "-t")
    {
        Description = "on a terminal of its own, for an editor or top; a shell at a terminal gets one by itself",
    };

    public ExecVerb() : base("exec", Summary)
    {
        Add(target);
        Add(command);
        Add(tty);
        Add(host);
        Examples =
        [
            "zurg exec web.0 -- ls -l             # its exit code is that of ls; 255: it could not be run or was cut off",
            "zurg exec web -- bin/migrate --all   # a path is inside the release",
            "echo uptime | zurg exec host1        # a shell reads stdin",
            "zurg exec host1                      # a shell to type in; the keys Enter ~ . cut it off",
            "zurg exec -t web.0 -- top            # a program that wants a terminal",
        ];
    }

    /// <summary>1 would be the command's own word: 255 is ours, as it is ssh's.</summary>
    protected override int FailedCode => ExitCode.NotRun;

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var isHost = call.Value(host) ? "&host=true" : "";
        var author = Uri.EscapeDataString(call.Surroundings.Author);
        var name = Uri.EscapeDataString(call.Value(target));
        var words = call.Parsed.GetValue(command) ?? [];
        var terminal = call.Value(tty) || (words.Length == 0 && call.Screen.IsTerminal) ? call.Surroundings.Terminal : null;
        if (call.Value(tty) && terminal is null)
        {
            throw new VerbFailedException("stdin is not a terminal, and -t needs one", "leave -t out, or type at a terminal");
        }

        var socket = await master.DialAsync(
            $"/v1/exec?target={name}&author={author}{isHost}",
            terminal is null ? null : ExecMessage.TerminalProtocol,
            call.Stop);
        using var exec = new ExecCall(socket, terminal);
        if (terminal is not null && socket.SubProtocol is null)
        {
            throw new VerbFailedException(
                "the master is of a build that knows no terminals", "upgrade it, or run a command without a terminal");
        }

        await using var input = terminal?.OpenInput() ?? Console.OpenStandardInput();
        await using var output = Console.OpenStandardOutput();
        await using var error = Console.OpenStandardError();
        var start = new ExecStart
        {
            Command = [.. words],
            Terminal = terminal is null
                ? null
                : new ExecTerminal(terminal.Window) { Type = call.Surroundings.Variable("TERM") },
        };
        // The console's streams take what nobody reads any more without a word.
        call.Surroundings.WatchOutput?.Invoke(exec.Cut);
        var ended = await exec.RunAsync(start, new ExecStreams(input, output, error), call.Surroundings.Time, call.Stop);
        if (json)
        {
            call.Screen.Note(System.Text.Json.JsonSerializer.Serialize(ended, WireJson.Default.ExecEnded));
        }

        return ended.ExitCode ?? throw new VerbFailedException(ended.Problem ?? "it is not known how it ended", ended.Mend);
    }
}
