using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Zurg.Core;

/// <summary>A piece of new bytes: copied from the old ones, or new.</summary>
/// <param name="From">Where it begins in the old bytes; -1 when it is not there and has to be brought.</param>
/// <param name="Length">In bytes; at least 1.</param>
public readonly record struct DeltaStep(long From, long Length)
{
    public bool IsNew => From < 0;
}

/// <summary>
/// What of new bytes is in old ones. Equal ends are cut off first; what is between is searched with a rolling checksum (Karp and
/// Rabin, "Efficient randomized pattern-matching algorithms", 1987) over blocks of the old bytes, as rsync does; unlike rsync
/// both are at hand, so that every match is compared, and stretched to both sides, instead of being trusted to a checksum.
/// </summary>
public static class BlockDelta
{
    /// <summary>In bytes: 16 MiB.</summary>
    public const int JoinedBytesMax = 16 * 1024 * 1024;

    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;
    private const int BlockBytesMin = 64;
    private const int BlockBytesMax = 8192;
    private const int BlocksAimed = 8192;
    private const uint FilterBitsPerBlock = 16;

    /// <summary>The steps in order; together they are as long as the new bytes.</summary>
    public static ImmutableArray<DeltaStep> Find(ReadOnlySpan<byte> old, ReadOnlySpan<byte> fresh)
    {
        var steps = ImmutableArray.CreateBuilder<DeltaStep>();
        var head = old.CommonPrefixLength(fresh);
        var tail = CommonSuffixLength(old[head..], fresh[head..]);
        Add(steps, 0, head);
        Search(steps, old[head..^tail], fresh[head..^tail], head);
        Add(steps, old.Length - tail, tail);
        return steps.ToImmutable();
    }

    /// <summary>The new bytes, from the old ones and those that are new, one after the other.</summary>
    /// <returns>Null when a step leads out of either, or they are more than <see cref="JoinedBytesMax"/>.</returns>
    public static byte[]? Join(ReadOnlySpan<byte> old, ImmutableArray<DeltaStep> steps, ReadOnlySpan<byte> brought)
    {
        var total = 0L;
        foreach (var step in steps)
        {
            total += Math.Min(step.Length, JoinedBytesMax + 1L);   // a sum of what somebody else says must not overflow
        }

        if (total > JoinedBytesMax)
        {
            return null;
        }

        var fresh = new byte[total];
        var (at, used) = (0, 0);
        foreach (var step in steps)
        {
            var source = step.IsNew ? brought : old;
            var from = step.IsNew ? used : step.From;
            if (from + step.Length > source.Length)
            {
                return null;
            }

            source.Slice((int)from, (int)step.Length).CopyTo(fresh.AsSpan(at));
            at += (int)step.Length;
            used += step.IsNew ? (int)step.Length : 0;
        }

        return fresh;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // A host waits: not the slow code that a method begins with.
    private static void Search(
        ImmutableArray<DeltaStep>.Builder steps, ReadOnlySpan<byte> old, ReadOnlySpan<byte> fresh, long offset)
    {
        var aimed = BitOperations.RoundUpToPowerOf2((uint)(old.Length / BlocksAimed + 1));
        var size = (int)Math.Clamp(aimed, BlockBytesMin, BlockBytesMax);
        var (at, pending) = (0, 0);
        if (old.Length >= size && fresh.Length >= size)
        {
            var index = new BlockIndex(old, size);
            var power = Power(size - 1);
            var sum = Sum(fresh[..size]);
            while (true)
            {
                if (index.Find(sum) is var found and >= 0 && old.Slice(found, size).SequenceEqual(fresh.Slice(at, size)))
                {
                    var back = CommonSuffixLength(old[..found], fresh[pending..at]);
                    var ahead = old[found..].CommonPrefixLength(fresh[at..]);
                    Add(steps, -1, at - back - pending);
                    Add(steps, offset + found - back, back + ahead);
                    at += ahead;
                    pending = at;
                    if (at + size > fresh.Length)
                    {
                        break;
                    }

                    sum = Sum(fresh.Slice(at, size));
                }
                else if (at + size < fresh.Length)
                {
                    sum = (sum - fresh[at] * power) * Multiplier + fresh[at + size];
                    at++;
                }
                else
                {
                    break;
                }
            }
        }

        Add(steps, -1, fresh.Length - pending);
    }

    private static void Add(ImmutableArray<DeltaStep>.Builder steps, long from, long length)
    {
        if (length > 0)
        {
            steps.Add(new DeltaStep(from, length));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Sum(ReadOnlySpan<byte> block)
    {
        var sum = 0UL;
        foreach (var b in block)
        {
            sum = sum * Multiplier + b;
        }

        return sum;
    }

    private static ulong Power(int exponent)
    {
        var power = 1UL;
        for (var i = 0; i < exponent; i++)
        {
            power *= Multiplier;
        }

        return power;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CommonSuffixLength(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        const int piece = 4096;
        var (shorter, length) = (Math.Min(a.Length, b.Length), 0);
        while (shorter - length >= piece
            && a.Slice(a.Length - length - piece, piece).SequenceEqual(b.Slice(b.Length - length - piece, piece)))
        {
            length += piece;
        }

        while (length < shorter && a[a.Length - length - 1] == b[b.Length - length - 1])
        {
            length++;
        }

        return length;
    }

    /// <summary>The first block with a sum; a bit per sum tells most misses without asking the dictionary.</summary>
    private sealed class BlockIndex
    {
        private readonly Dictionary<ulong, int> _blocks;
        private readonly ulong[] _filter;
        private readonly int _shift;

        public BlockIndex(ReadOnlySpan<byte> old, int size)
        {
            var bits = BitOperations.RoundUpToPowerOf2((uint)(old.Length / size) * FilterBitsPerBlock);
            _shift = 64 - BitOperations.Log2(bits);
            _filter = new ulong[bits / 64 + 1];
            _blocks = new Dictionary<ulong, int>(old.Length / size);
            for (var from = 0; from + size <= old.Length; from += size)
            {
                var sum = Sum(old.Slice(from, size));
                _blocks.TryAdd(sum, from);
                var bit = BitOf(sum);
                _filter[bit / 64] |= 1UL << (bit % 64);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int Find(ulong sum)
        {
            var bit = BitOf(sum);
            return (_filter[bit / 64] & (1UL << (bit % 64))) != 0 && _blocks.TryGetValue(sum, out var from) ? from : -1;
        }

        // The low bits of such a sum depend on the last bytes only.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private int BitOf(ulong sum) => (int)((sum ^ (sum >> 29)) * Multiplier >> _shift);
    }
}
