using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>The environment of an instance, please.</summary>
/// <param name="Nonce">Comes back with the answer.</param>
public sealed record EnvRequest(long Nonce, InstanceId Instance);

/// <summary>The answer; neither part is set when there is a problem.</summary>
public sealed record EnvAnswer
{
    public required long Nonce { get; init; }

    public InstanceEnv? Env { get; init; }

    /// <summary>Why there is none, in plain language.</summary>
    public string? Problem { get; init; }
}

/// <summary>What one instance finds in its environment. Values are whole: secrets that a spec holds are among them.</summary>
public sealed record InstanceEnv
{
    public required InstanceId Instance { get; init; }

    public required HostId Host { get; init; }

    /// <summary>Whose environment <see cref="Running"/> is.</summary>
    public Incarnation? Incarnation { get; init; }

    public int? Pid { get; init; }

    /// <summary>What the process was started with; null while none runs.</summary>
    public ImmutableSortedDictionary<string, string>? Running { get; init; }

    /// <summary>
    /// What the next start would get. Dynamic ports are those that it had last, "0" when it never had any; ZURG_INCARNATION is
    /// another one each time and left out.
    /// </summary>
    public ImmutableSortedDictionary<string, string>? Next { get; init; }

    /// <summary>Names whose value the next start would get anew, or no more; ordered.</summary>
    public ImmutableArray<string> Differs { get; init => field = value.IsDefault ? [] : value; } = [];
}
