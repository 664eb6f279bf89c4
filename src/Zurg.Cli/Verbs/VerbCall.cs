using System.CommandLine;
using Zurg.Cli.Rendering;

namespace Zurg.Cli.Verbs;

/// <summary>One call of a verb. Its token ends with Ctrl-C, SIGTERM and SIGHUP.</summary>
internal sealed record VerbCall(ParseResult Parsed, Screen Screen, Surroundings Surroundings, CancellationToken Stop)
{
    public T? Value<T>(Option<T> option) => Parsed.GetValue(option);

    public T Value<T>(Argument<T> argument) => Parsed.GetRequiredValue(argument);

    public DateTimeOffset Now => Surroundings.Time.GetUtcNow();

    /// <summary>An absolute path for one that was typed.</summary>
    public string PathOf(string typed) => Path.GetFullPath(typed, Surroundings.WorkingDirectory);
}
