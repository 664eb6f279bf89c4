using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;

namespace Zurg.Tests.Core.Releases;

public sealed class BlockDeltaTests
{
    internal static readonly Gen<byte[]> Bytes =
        from length in Gen.Choose(0, 6000)
        from kinds in Gen.Choose(1, 256)
        from seed in Gen.Choose(0, int.MaxValue)
        select Random(length, kinds, seed);

    /// <summary>Old bytes, and new ones of pieces of them with others between.</summary>
    internal static readonly Gen<(byte[] Old, byte[] Fresh)> Edits =
        from old in Bytes
        from pieces in Gen.ListOf(
            from start in Gen.Choose(0, old.Length)
            from end in Gen.Choose(start, old.Length)
            from other in Bytes
            from length in Gen.Choose(0, 50)
            select old[start..end].Concat(other.Take(length)))
        select (old, pieces.Take(8).SelectMany(p => p).ToArray());

    [Fact]
    public void Steps_join_to_the_new_bytes() => Check(Edits, pair =>
    {
        var steps = BlockDelta.Find(pair.Old, pair.Fresh);
        return pair.Fresh.AsSpan().SequenceEqual(BlockDelta.Join(pair.Old, steps, Brought(pair.Fresh, steps)))
            && steps.All(s => s.Length > 0);
    });

    [Fact]
    public void Bytes_that_have_nothing_in_common_join_too() => Check(from a in Bytes from b in Bytes select (a, b), pair =>
    {
        var steps = BlockDelta.Find(pair.a, pair.b);
        return pair.b.AsSpan().SequenceEqual(BlockDelta.Join(pair.a, steps, Brought(pair.b, steps)));
    });

    [Fact]
    public void Edits_at_several_places_bring_little_more_than_themselves()
    {
        var old = Random(3_000_000, 256, 1);
        var fresh = old.ToList();
        fresh.RemoveRange(2_500_000, 777);
        fresh.InsertRange(1_000_000, Random(500, 256, 2));
        fresh[2_000_000] ^= 1;
        fresh.InsertRange(10, Random(100, 256, 3));

        var steps = BlockDelta.Find(old, fresh.ToArray());

        Assert.InRange(steps.Where(s => s.IsNew).Sum(s => s.Length), 601, 601 + 20);
        Assert.Equal(fresh, BlockDelta.Join(old, steps, Brought([.. fresh], steps)));
    }

    [Fact]
    public void A_kilobyte_changed_inside_a_file_brings_a_kilobyte()
    {
        var old = Random(102_400, 256, 1);
        var fresh = (byte[])old.Clone();
        Random(1024, 256, 2).CopyTo(fresh, 50_000);

        Assert.InRange(BlockDelta.Find(old, fresh).Where(s => s.IsNew).Sum(s => s.Length), 1000, 1024);
    }

    [Fact]
    public void Steps_that_lead_out_of_the_bytes_are_refused()
    {
        Assert.Null(BlockDelta.Join([1, 2, 3], [new DeltaStep(2, 2)], []));
        Assert.Null(BlockDelta.Join([1, 2, 3], [new DeltaStep(-1, 2)], [9]));
        Assert.Null(BlockDelta.Join([1, 2, 3], [new DeltaStep(0, BlockDelta.JoinedBytesMax + 1L)], []));
        Assert.Null(BlockDelta.Join([1, 2, 3], [new DeltaStep(0, long.MaxValue), new DeltaStep(0, long.MaxValue)], []));
    }

    private static byte[] Brought(byte[] fresh, IEnumerable<DeltaStep> steps)
    {
        var (brought, at) = (new List<byte>(), 0);
        foreach (var step in steps)
        {
            brought.AddRange(step.IsNew ? fresh[at..(at + (int)step.Length)] : []);
            at += (int)step.Length;
        }

        return [.. brought];
    }

    private static byte[] Random(int length, int kinds, int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)random.Next(kinds);
        }

        return bytes;
    }

    internal static void Check<T>(Gen<T> gen, Func<T, bool> holds) =>
        Prop.ForAll(gen.ToArbitrary(), holds).QuickCheckThrowOnFailure();
}
