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

    public ExecVerb() : base("exec", Summary)
    {
        Add(target);
        Add(command);
        Add(host);
        Examples =
        [
            "zurg exec web.0 -- ls -l             # its exit code is that of ls; 255: it could not be run or was cut off",
            "zurg exec web -- bin/migrate --all   # a path is inside the release",
            "echo uptime | zurg exec host1        # a shell reads stdin",
        ];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        try
        {
            var isHost = call.Value(host) ? "&host=true" : "";
            var author = Uri.EscapeDataString(call.Surroundings.Author);
            var name = Uri.EscapeDataString(call.Value(target));
            using var exec = new ExecCall(await master.DialAsync($"/v1/exec?target={name}&author={author}{isHost}", call.Stop));
            await using var input = Console.OpenStandardInput();
            await using var output = Console.OpenStandardOutput();
            await using var error = Console.OpenStandardError();
            var start = new ExecStart { Command = [.. call.Parsed.GetValue(command) ?? []] };
            // The console's streams take what nobody reads any more without a word.
            call.Surroundings.WatchOutput?.Invoke(exec.Cut);
            var ended = await exec.RunAsync(start, input, output, error, call.Surroundings.Time, call.Stop);
            if (json)
            {
                call.Screen.Note(System.Text.Json.JsonSerializer.Serialize(ended, WireJson.Default.ExecEnded));
            }

            return ended.ExitCode ?? throw new VerbFailedException(ended.Problem ?? "it is not known how it ended", ended.Mend);
        }
        catch (VerbFailedException e) when (e.ExitCode == ExitCode.Failed)
        {
            // 1 would be the command's own word: 255 is ours, as it is ssh's.
            throw new VerbFailedException(e.Message, e.Mend, ExitCode.NotRun);
        }
    }
}
