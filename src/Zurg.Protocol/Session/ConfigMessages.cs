using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>What a host keeps of an instance's generated files: the list, or a piece of one version's text.</summary>
/// <param name="Nonce">Comes back with the answer.</param>
/// <param name="Version">The number of the version whose text is asked for; null: the list.</param>
/// <param name="Offset">In characters from the start of the text.</param>
public sealed record ConfigRequest(long Nonce, InstanceId Instance, long? Version = null, int Offset = 0);

/// <summary>The answer: the list, or a piece of a text.</summary>
public sealed record ConfigAnswer
{
    public required long Nonce { get; init; }

    /// <summary>Newest first, at most <see cref="VersionsMax"/>; with a text, the one that it is of.</summary>
    public ImmutableArray<ConfigVersion> Versions { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>At most <see cref="PieceMax"/> characters.</summary>
    public string? Text { get; init; }

    /// <summary>Where the next piece begins; null when this was the last one.</summary>
    public int? Next { get; init; }

    /// <summary>Why there is none, in plain language.</summary>
    public string? Problem { get; init; }

    public const int VersionsMax = 1_000;

    /// <summary>Escaped as JSON at worst six times as many bytes: a message holds them.</summary>
    public const int PieceMax = 256 * 1024;
}

/// <summary>One text that a generated file had on its host.</summary>
public sealed record ConfigVersion
{
    /// <summary>Grows with every version on one host; never given twice.</summary>
    public required long Number { get; init; }

    public required InstanceId Instance { get; init; }

    /// <summary>The generated file, inside the instance's directory.</summary>
    public required string File { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Of the text as UTF-8.</summary>
    public required Digest Digest { get; init; }

    public required int Bytes { get; init; }

    /// <summary>True: somebody wrote this into the file by hand. It was kept and the file put back.</summary>
    public required bool ByHand { get; init; }

    /// <summary>What changed, in plain words: setting motto 'a' -> 'b'; db.1 joined the endpoints of db.</summary>
    public required string Why { get; init; }
}

/// <summary>A version with its text.</summary>
public sealed record ConfigText(ConfigVersion Version, string Text);
