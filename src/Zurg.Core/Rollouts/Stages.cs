using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>In which steps a change goes out: how many instances have it after the canary and after each batch.</summary>
internal static class Stages
{
    /// <summary>
    /// Growing numbers; the last lets all of them have it. A step never reaches from one cell into the next when they go one
    /// after another. Where the canary would be everybody, a service of one instance, spare ones are the canary alone: they are
    /// watched before any other is touched, and the numbers count them too.
    /// </summary>
    /// <param name="cells">How many instances there are in each cell, in the order of the cells.</param>
    public static ImmutableArray<int> Of(UpdatePolicy policy, IReadOnlyCollection<int> cells)
    {
        var parts = policy.ByCell is true ? cells : [cells.Sum()];
        var all = cells.Sum();
        var batch = BatchOf(policy, all);
        var stages = ImmutableArray.CreateBuilder<int>();
        var end = 0;
        foreach (var part in parts)
        {
            var at = end;
            end += part;
            if (at == 0 && policy.Canary > 0 && policy.Canary < end)
            {
                stages.Add(at = policy.Canary);
            }

            while (at < end)
            {
                stages.Add(at = Math.Min(at + batch, end));
            }
        }

        var spares = Math.Min(policy.Canary, policy.Surge);
        return stages.Count == 1 && spares > 0 && policy.Canary >= all ? [spares, all + spares] : stages.ToImmutable();
    }

    /// <summary>One step for everybody: what was proven before, or runs on unchanged but for its restart.</summary>
    public static ImmutableArray<int> AtOnce(int instances) => instances == 0 ? [] : [instances];

    private static int BatchOf(UpdatePolicy policy, int all)
    {
        var rest = Math.Max(0, all - policy.Canary);
        var size = policy.Batches is { } count ? Ceiling(rest, count)
            : policy.Batch.EndsWith('%') ? Ceiling(all * Number(policy.Batch[..^1]), 100)
            : Number(policy.Batch);
        return Math.Max(1, size);
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static int Ceiling(int whole, int parts) => (whole + parts - 1) / parts;
}
