using System.Collections.Immutable;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>An author's wish: this text is to be the newest spec.</summary>
internal sealed record ApplyRequest(string Text, string Author, IfMatch Match, bool Planned)
{
    /// <summary>Set for a revert.</summary>
    public SpecNumber? RevertOf { get; init; }
}

internal abstract record ApplyOutcome
{
    private ApplyOutcome()
    {
    }

    public sealed record Done(ApplyResult Result) : ApplyOutcome;

    public sealed record Invalid(ImmutableArray<Problem> Problems) : ApplyOutcome;

    /// <param name="Newest">Null when none was ever applied.</param>
    public sealed record Stale(AppliedSpec? Newest) : ApplyOutcome;

    public sealed record TooLarge(int BytesMax) : ApplyOutcome;
}

/// <summary>Turns a text into the newest spec, whole or not at all, guarded by the one that its author saw.</summary>
internal sealed class SpecApplying(IStateStore store, IClusterView view, IEventLog events, TimeProvider time)
{
    private const int AttemptsMax = 10;
    private readonly SpecArchive _archive = new(store);

    /// <exception cref="StoreFaultException">The outcome is unknown: read it back.</exception>
    public async Task<ApplyOutcome> ApplyAsync(ApplyRequest request, CancellationToken stop)
    {
        var reading = SpecReading.Of(request.Text);
        if (reading.Spec is not { } spec)
        {
            return new ApplyOutcome.Invalid(reading.Problems);
        }

        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var (newest, modified) = await _archive.NewestAsync(stop);
            if (!request.Match.Allows(newest?.Number ?? default))
            {
                return new ApplyOutcome.Stale(newest);
            }

            if (await MissingReleasesAsync(reading, spec, stop) is { IsEmpty: false } missing)
            {
                return new ApplyOutcome.Invalid(missing);
            }

            var changes = SpecChanges.Between(newest?.Spec, spec, view.Current.State);
            if (changes.IsEmpty && newest is not null)
            {
                return new ApplyOutcome.Done(new ApplyResult { Number = newest.Number, Planned = request.Planned });
            }

            var applied = Numbered(request, spec, newest);
            var result = new ApplyResult { Number = applied.Number, Planned = request.Planned, Changes = changes };
            if (request.Planned)
            {
                return new ApplyOutcome.Done(result);
            }

            switch (await SpecCommit.WriteAsync(store, applied, newest, modified, stop))
            {
                case SpecCommit.Outcome.TooLarge:
                    return new ApplyOutcome.TooLarge(StoreCommit.BytesMax);
                case SpecCommit.Outcome.Written(var revision):
                    await view.ReachAsync(revision, time, stop);
                    await RecordAsync(applied);
                    return new ApplyOutcome.Done(result);
            }
        }

        throw new StoreFaultException($"others applied {AttemptsMax} times while this apply was under way");
    }

    private async Task<ImmutableArray<Problem>> MissingReleasesAsync(SpecReading reading, ClusterSpec spec, CancellationToken stop)
    {
        var known = (await store.ReleasesAsync(stop)).Select(r => r.Release).ToImmutableSortedSet();
        return
        [
            .. spec.Services.Where(s => !known.Contains(s.Instance.Release)).Select(s =>
            {
                var path = $"services.{s.Name}.release";
                var (line, column) = reading.PlaceOf(path);
                var text = $"the release {s.Instance.Release} does not exist";
                return new Problem(path, text, Unknown.ReleaseMend(s.Instance.Release, known), line, column);
            }),
        ];
    }

    private AppliedSpec Numbered(ApplyRequest request, ClusterSpec spec, AppliedSpec? newest) => new()
    {
        Number = newest?.Number.Next ?? new SpecNumber(1),
        Author = request.Author,
        At = time.GetUtcNow(),
        Text = request.Text,
        Spec = spec,
        InstanceDigests = spec.Services.ToImmutableSortedDictionary(s => s.Name, s => SpecDigest.Of(s.Instance)),
        BasedOn = newest?.Number ?? default,
        RevertOf = request.RevertOf,
    };

    private Task RecordAsync(AppliedSpec applied)
    {
        var what = applied.RevertOf is { } old ? $"spec {applied.Number}, a revert to {old}," : $"spec {applied.Number}";
        return events.RecordAsync(new EventRecord
        {
            Id = 0, At = applied.At, Kind = EventKind.SpecApplied, Text = $"{what} was applied by {applied.Author}",
        });
    }
}
