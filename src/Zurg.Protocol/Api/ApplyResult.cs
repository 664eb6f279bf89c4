using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>The answer to an apply, planned or done.</summary>
public sealed record ApplyResult
{
    /// <summary>The number it got; the current one when nothing changed; for a plan the one it would get.</summary>
    public required SpecNumber Number { get; init; }

    public required bool Planned { get; init; }

    /// <summary>Empty when the spec says what the newest one says.</summary>
    public ImmutableArray<SpecChange> Changes { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Who uses, or used within 31 days, what is taken away: a sentence each.</summary>
    public ImmutableArray<string> Warnings { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>One difference between two specs. Nulls are written: a constructor's parameter that is absent is refused.</summary>
/// <param name="Path">Dotted, such as services.web.env.GREETING.</param>
/// <param name="Before">Null when it was not there.</param>
/// <param name="After">Null when it goes.</param>
/// <param name="Touches">The instances that this change starts, stops or restarts.</param>
public sealed record SpecChange(
    string Path,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Before,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? After,
    ImmutableArray<InstanceId> Touches);

/// <summary>One line of the history of specs.</summary>
public sealed record SpecSummary(SpecNumber Number, string Author, DateTimeOffset At, int Services, SpecNumber? RevertOf = null);

public sealed record RevertRequest(SpecNumber To);
