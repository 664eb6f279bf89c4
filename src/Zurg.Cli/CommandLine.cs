using System.CommandLine;
using System.Runtime.InteropServices;
using Zurg.Cli.Rendering;
using Zurg.Cli.Verbs;

namespace Zurg.Cli;

/// <summary>
/// From arguments to an exit code. Only the verb that is asked for is built: the others would cost every call some milliseconds.
/// </summary>
internal static class CommandLine
{
    private static readonly Option<bool> Help = new("--help", "-h") { Description = "show this help", Recursive = true };

    public static async Task<int> RunAsync(string[] args, Screen screen, Surroundings surroundings)
    {
        if (args is [] or ["help" or "--help" or "-h"])
        {
            HelpView.WriteOverview(screen);
            return args is [] ? ExitCode.BadUsage : ExitCode.Done;
        }

        var words = args is ["help", .. var rest] ? [.. rest, "--help"] : args is ["--version"] ? ["version"] : args;
        if (VerbTable.Find(words[0]) is not { } entry)
        {
            return RefuseVerb(words[0], screen);
        }

        var alone = words.Length == 1 || (words[1].StartsWith('-') && !words.Any(w => w is "--help" or "-h"));
        if (alone && entry.Alone is { } meant)
        {
            words = [words[0], meant, .. words[1..]];
        }

        var root = new Command("zurg") { entry.Build(), Help };
        var parsed = root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.GetValue(Help))
        {
            HelpView.Write(parsed.CommandResult, screen);
            return ExitCode.Done;
        }

        return parsed.Errors.Count > 0 ? RefuseArguments(parsed, screen)
            : parsed.CommandResult.Command is Verb verb ? await RunAsync(verb, parsed, screen, surroundings)
            : RefuseGroup(parsed, screen);
    }

    private static async Task<int> RunAsync(Verb verb, ParseResult parsed, Screen screen, Surroundings surroundings)
    {
        using var stopping = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        if (verb is ClientVerb { EndsByInterrupt: true } && surroundings.WatchOutput is { } watch)
        {
            watch(() => Cancel(stopping));
        }

        try
        {
            return await verb.RunAsync(new VerbCall(parsed, screen, surroundings, stopping.Token));
        }
        catch (VerbFailedException failure)
        {
            Refuse(failure);
            return failure.ExitCode;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return verb.EndsByInterrupt ? ExitCode.Done : ExitCode.Interrupted;
        }
        catch (IOException e) when (e.Message.Contains("Broken pipe", StringComparison.Ordinal))
        {
            return ExitCode.Done; // the reader of our output has seen enough: zurg events | head
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A directory in use, a port that is taken, a full disk: words, not a stack.
            Refuse(new VerbFailedException(e.Message));
            return ExitCode.Failed;
        }

        void Refuse(VerbFailedException failure)
        {
            if (verb is ClientVerb client && client.WantsJson(parsed))
            {
                ProblemView.WriteJson(failure, screen);
            }
            else
            {
                ProblemView.Write(failure, screen);
            }
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stopping.Cancel();
        }
    }

    private static void Cancel(CancellationTokenSource stopping)
    {
        try
        {
            stopping.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The verb has ended by itself.
        }
    }

    private static int RefuseVerb(string word, Screen screen)
    {
        var like = Similar.To(word, VerbTable.All.Select(v => v.Name));
        screen.Error(word.StartsWith('-') ? $"unknown option '{word}' before the verb" : $"unknown verb '{word}'");
        screen.Hint(like is null ? "zurg --help lists the verbs" : $"did you mean 'zurg {like}'?");
        return ExitCode.BadUsage;
    }

    private static int RefuseGroup(ParseResult parsed, Screen screen)
    {
        HelpView.Write(parsed.CommandResult, screen);
        return ExitCode.BadUsage;
    }

    private static int RefuseArguments(ParseResult parsed, Screen screen)
    {
        var command = parsed.CommandResult.Command;
        var missing = command.Arguments
            .Where(a => a.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(a) is null or { Tokens: [] })
            .Select(a => a.Name).ToArray();
        if (missing.Length > 0)
        {
            screen.Error($"{string.Join(" and ", missing)} {(missing.Length == 1 ? "is" : "are")} missing");
        }
        else if (command is not Verb)
        {
            var word = parsed.UnmatchedTokens is [var unknown, ..] ? $"'{unknown}' is none of" : "one is needed of";
            screen.Error($"{word} {string.Join(", ", command.Subcommands.Select(c => c.Name))}");
        }
        else
        {
            foreach (var message in parsed.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal))
            {
                screen.Error(message);
            }
        }

        var known = command.Subcommands.Select(c => c.Name).Concat(command.Options.Select(o => o.Name));
        if (parsed.UnmatchedTokens is [var first, ..] && Similar.To(first, known) is { } like)
        {
            screen.Hint($"did you mean '{like}'?");
        }

        screen.Hint($"{HelpView.PathOf(parsed.CommandResult)} --help shows how it is used");
        return ExitCode.BadUsage;
    }
}
