using System.Collections.Immutable;
using Zurg.Cli;
using Zurg.Cli.Rendering;

namespace Zurg.Tests.Cli;

/// <summary>A screen that keeps what it shows, and surroundings without a world.</summary>
internal sealed class Screens
{
    public StringWriter Output { get; } = new() { NewLine = "\n" };

    public StringWriter Errors { get; } = new() { NewLine = "\n" };

    public Screen Pipe => new(Output, Errors, terminal: false, errorTerminal: false, color: false, width: 0);

    public Screen Terminal => new(Output, Errors, terminal: true, errorTerminal: false, color: true, width: 120);

    public static Surroundings At(string directory, params (string Name, string Value)[] environment) => new()
    {
        WorkingDirectory = directory,
        Time = TimeProvider.System,
        Environment = environment.ToImmutableSortedDictionary(e => e.Name, e => e.Value, StringComparer.Ordinal),
    };
}
