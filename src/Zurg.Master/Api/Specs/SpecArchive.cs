using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>
/// The applied specs as the store holds them: straight from it, so that an author always sees what was just applied.
/// </summary>
internal sealed class SpecArchive(IStateStore store)
{
    /// <summary>The newest one and the revision that guards it; null and 0 when none was applied.</summary>
    public async ValueTask<(AppliedSpec? Spec, Revision Modified)> NewestAsync(CancellationToken stop)
    {
        var entry = await store.FindAsync(StoreKeys.CurrentSpec, stop);
        return (entry?.Read(WireJson.Default.AppliedSpec), entry?.Modified ?? default);
    }

    /// <summary>Null for a number that was never applied, and for one that an apply wrote down and did not finish.</summary>
    public async ValueTask<AppliedSpec?> FindAsync(SpecNumber number, CancellationToken stop)
    {
        var (newest, _) = await NewestAsync(stop);
        return newest is null || number > newest.Number || number.Value < 1 ? null
            : number == newest.Number ? newest
            : (await store.FindAsync(StoreKeys.Spec(number), stop))?.Read(WireJson.Default.AppliedSpec);
    }

    /// <summary>Newest first.</summary>
    /// <param name="before">Only those with a smaller number.</param>
    public async ValueTask<ImmutableArray<SpecSummary>> ListAsync(SpecNumber? before, int limit, CancellationToken stop)
    {
        var (newest, _) = await NewestAsync(stop);
        var summaries = ImmutableArray.CreateBuilder<SpecSummary>();
        var number = Math.Min(newest?.Number.Value ?? 0, (before?.Value ?? long.MaxValue) - 1);
        for (; number >= 1 && summaries.Count < limit; number--)
        {
            // One at a time: a spec may have 1 MiB of text, and a history has many.
            if (await FindAsync(new SpecNumber(number), stop) is { } spec)
            {
                summaries.Add(new SpecSummary(spec.Number, spec.Author, spec.At, spec.Spec.Services.Length, spec.RevertOf));
            }
        }

        return summaries.ToImmutable();
    }
}
