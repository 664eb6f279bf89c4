using System.Collections.Immutable;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <param name="Lines">Without their ends; the last one may be unfinished.</param>
/// <param name="Next">The offset to read on from.</param>
/// <param name="Problem">Why there is nothing, in plain language.</param>
internal sealed record LogTail(ImmutableArray<string> Lines, long Next, string? Problem);

/// <summary>Reads logs piece by piece.</summary>
internal static class LogReader
{
    /// <summary>The most that a master sends at once.</summary>
    public const int ChunkBytes = 256 * 1024;

    /// <summary>How far back a tail looks for its lines; more must be asked for with --tail all.</summary>
    private const long TailBytesMax = 16 * 1024 * 1024;

    /// <param name="lines">Null: from the start.</param>
    public static async Task<LogTail> TailAsync(MasterClient master, InstanceId instance, int? lines, CancellationToken stop)
    {
        if (lines is null)
        {
            return await ReadAsync(master, instance, 0, stop);
        }

        for (long back = 64 * 1024; ; back *= 4)
        {
            var read = await ReadAsync(master, instance, -back, stop);
            if (read.Problem is not null || read.From == 0 || read.Lines.Length > lines || back >= TailBytesMax)
            {
                // The first line of a piece from the middle is rarely whole.
                var whole = read.From == 0 || read.Lines.IsEmpty ? read.Lines : read.Lines.RemoveAt(0);
                return read with { Lines = [.. whole.TakeLast(lines.Value)] };
            }
        }
    }

    private static async Task<Piece> ReadAsync(MasterClient master, InstanceId instance, long offset, CancellationToken stop)
    {
        var text = new StringBuilder();
        var first = await master.LogAsync(instance, offset, ChunkBytes, TimeSpan.Zero, stop);
        for (var chunk = first; ; chunk = await master.LogAsync(instance, chunk.Next, ChunkBytes, TimeSpan.Zero, stop))
        {
            text.Append(chunk.Text);
            if (chunk.Problem is not null || chunk.Text.Length == 0)
            {
                var all = text.ToString();
                ImmutableArray<string> lines = all.Length == 0 ? [] : [.. (all.EndsWith('\n') ? all[..^1] : all).Split('\n')];
                return new Piece(lines, chunk.Next, chunk.Problem, first.Offset);
            }
        }
    }

    private sealed record Piece(ImmutableArray<string> Lines, long Next, string? Problem, long From)
    {
        public static implicit operator LogTail(Piece piece) => new(piece.Lines, piece.Next, piece.Problem);
    }
}
