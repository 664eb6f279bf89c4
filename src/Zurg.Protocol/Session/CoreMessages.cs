using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>The core dumps that a host keeps, or a piece of one, please.</summary>
/// <param name="Nonce">Comes back with the answer.</param>
/// <param name="Core">Null: the list of them.</param>
/// <param name="Offset">In bytes, of the piece.</param>
public sealed record CoreRequest(long Nonce, string? Core = null, long Offset = 0);

/// <summary>The answer to either.</summary>
public sealed record CoreAnswer
{
    public required long Nonce { get; init; }

    /// <summary>Newest first.</summary>
    public ImmutableArray<CoreDump> Cores { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>At most <see cref="BytesMax"/>; neither these nor zeros: the dump ends at the offset.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Instead of bytes: so many zeros. Most of a dump is holes.</summary>
    public long Zeros { get; init; }

    /// <summary>Why there is nothing, in plain language.</summary>
    public string? Problem { get; init; }

    public const int BytesMax = 256 * 1024;
}
