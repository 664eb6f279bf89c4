using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli;

/// <summary>
/// Ends a verb with a message for a person. It is caught in one place, <see cref="CommandLine"/>, which prints
/// it and gives the exit code.
/// </summary>
internal sealed class VerbFailedException(
    string message, string? mend = null, int exitCode = ExitCode.Failed) : Exception(message)
{
    /// <summary>What to do next.</summary>
    public string? Mend { get; } = mend;

    public int ExitCode { get; } = exitCode;

    public ImmutableArray<Problem> Problems { get; init; } = [];

    /// <summary>The text that <see cref="Problems"/> point into, with its name.</summary>
    public (string Name, string Text)? Given { get; init; }

    /// <summary>The master's HTTP status, when it was the master who refused; 0 otherwise.</summary>
    public int HttpStatus { get; init; }
}
