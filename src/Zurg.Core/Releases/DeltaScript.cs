using System.Buffers;
using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>
/// A <see cref="ReleaseDelta"/> as bytes: numbers of 7 bits a byte, the lowest first. A step is its length times two, plus one
/// when it is new; a copy is followed by how far it begins from the end of the copy before it, folded so that small
/// ones are short.
/// </summary>
public static class DeltaScript
{
    public static byte[] Write(ReleaseDelta delta)
    {
        var bytes = new ArrayBufferWriter<byte>();
        Steps(bytes, delta.Manifest);
        Number(bytes, (ulong)delta.Files.Length);
        var last = -1;
        foreach (var file in delta.Files)
        {
            Number(bytes, (ulong)(file.File - last - 1));
            last = file.File;
            Number(bytes, (ulong)(file.Base + 1));
            Steps(bytes, file.Steps);
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <returns>Null when it is no script, or more than <see cref="ReleaseDelta.StepsMax"/> steps.</returns>
    public static ReleaseDelta? Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        var manifest = reader.Steps();
        var count = reader.Number();
        var files = ImmutableArray.CreateBuilder<FileDelta>();
        for (var last = -1; reader.Good && count > 0; count--)
        {
            var (skipped, source) = (reader.Number(), reader.Number());
            var steps = reader.Steps();
            if (skipped >= (ulong)ManifestRules.FilesMax || source > (ulong)ManifestRules.FilesMax
                || last + (int)skipped + 1 >= ManifestRules.FilesMax)
            {
                return null;
            }

            last += (int)skipped + 1;
            files.Add(new FileDelta(last, (int)source - 1, steps));
        }

        return reader.Good && reader.AtEnd ? new ReleaseDelta(manifest, files.ToImmutable()) : null;
    }

    private static void Steps(ArrayBufferWriter<byte> bytes, ImmutableArray<DeltaStep> steps)
    {
        Number(bytes, (ulong)steps.Length);
        var end = 0L;
        foreach (var step in steps)
        {
            Number(bytes, ((ulong)step.Length << 1) | (step.IsNew ? 1UL : 0UL));
            if (!step.IsNew)
            {
                var ahead = step.From - end;
                Number(bytes, (ulong)((ahead << 1) ^ (ahead >> 63)));
                end = step.From + step.Length;
            }
        }
    }

    private static void Number(ArrayBufferWriter<byte> bytes, ulong number)
    {
        for (; number >= 0x80; number >>= 7)
        {
            bytes.Write([(byte)(number | 0x80)]);
        }

        bytes.Write([(byte)number]);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;
        private int _steps;

        public bool Good { get; private set; } = true;

        public readonly bool AtEnd => _rest.IsEmpty;

        public ImmutableArray<DeltaStep> Steps()
        {
            var steps = ImmutableArray.CreateBuilder<DeltaStep>();
            var end = 0L;
            for (var count = Number(); Good && count > 0; count--)
            {
                var word = Number();
                var (length, from) = ((long)(word >> 1), -1L);
                if ((word & 1) == 0)
                {
                    var folded = Number();
                    from = end + ((long)(folded >> 1) ^ -(long)(folded & 1));
                    end = from + length;
                    Good &= from >= 0;
                }

                Good &= length > 0 && ++_steps <= ReleaseDelta.StepsMax;
                steps.Add(new DeltaStep(from, length));
            }

            return steps.ToImmutable();
        }

        /// <summary>At most 49 bits: sums of a few cannot overflow.</summary>
        public ulong Number()
        {
            var number = 0UL;
            for (var shift = 0; shift < 49; shift += 7)
            {
                if (_rest.IsEmpty)
                {
                    break;
                }

                var b = _rest[0];
                _rest = _rest[1..];
                number |= (ulong)(b & 0x7f) << shift;
                if (b < 0x80)
                {
                    return number;
                }
            }

            Good = false;
            return 0;
        }
    }
}
