using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>problem+json (RFC 9457), with every problem found.</summary>
public sealed record ApiProblem
{
    public required string Title { get; init; }

    public required int Status { get; init; }

    public string? Detail { get; init; }

    /// <summary>What to do next.</summary>
    public string? Mend { get; init; }

    public ImmutableArray<Problem> Problems { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>Something wrong with what was given: where, what, and what would be right.</summary>
/// <param name="Path">Dotted path in the spec, such as services.web.probe.port; empty for the whole file.</param>
/// <param name="Line">From 1; null when no place in a text is meant.</param>
/// <param name="Column">From 1.</param>
/// <param name="Mend">What would be right.</param>
public sealed record Problem(string Path, string Text, string? Mend = null, int? Line = null, int? Column = null);
