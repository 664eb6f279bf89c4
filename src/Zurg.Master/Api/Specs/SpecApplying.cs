using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Intent;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>An author's wish: this text is to be the newest spec.</summary>
internal sealed record ApplyRequest(string Text, string Author, IfMatch Match, bool Planned)
{
    /// <summary>Set for a revert.</summary>
    public SpecNumber? RevertOf { get; init; }

    /// <summary>Services may be taken out though somebody uses them now.</summary>
    public bool RemoveUsed { get; init; }
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

    /// <summary>It takes a service out that somebody uses now.</summary>
    /// <param name="Users">Of each such service those that do.</param>
    public sealed record Used(ImmutableArray<(ServiceName Service, ImmutableArray<ServiceUser> Users)> Users) : ApplyOutcome;
}

/// <summary>Turns a text into the newest spec, whole or not at all, guarded by the one that its author saw.</summary>
internal sealed class SpecApplying(
    IStateStore store, IClusterView view, IEventLog events, Retiring retiring, TimeProvider time)
{
    private const int AttemptsMax = 10;
    private readonly SpecArchive _archive = new(store);

    /// <exception cref="StoreFaultException">The outcome is unknown: read it back.</exception>
    public async Task<ApplyOutcome> ApplyAsync(ApplyRequest request, CancellationToken stop)
    {
        return SpecReader.Read(request.Text) switch
        {
            SpecReading.Read(_, var spec) => await ApplyAsync(request, spec, stop),
            SpecReading.Refused(var problems) => new ApplyOutcome.Invalid(problems),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private async Task<ApplyOutcome> ApplyAsync(ApplyRequest request, ClusterSpec spec, CancellationToken stop)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var (newest, modified) = await _archive.NewestAsync(stop);
            var changes = SpecDiff.Between(newest?.Spec, spec, view.Current.State.Placements.Values);
            if (!request.Match.Allows(newest?.Number ?? default))
            {
                // Who says what is said already overwrites nothing, whatever it is based on.
                return changes.IsEmpty && newest is not null && request.RevertOf is null
                    ? new ApplyOutcome.Done(new ApplyResult { Number = newest.Number, Planned = request.Planned })
                    : new ApplyOutcome.Stale(newest);
            }

            if (newest is not null && newest.Spec.Cluster != spec.Cluster)
            {
                return new ApplyOutcome.Invalid([OfAnotherCluster(request.Text, newest.Spec.Cluster, spec.Cluster)]);
            }

            if (await ReleaseProblemsAsync(request.Text, spec, stop) is { IsEmpty: false } problems)
            {
                return new ApplyOutcome.Invalid(problems);
            }

            if (changes.IsEmpty && newest is not null)
            {
                return new ApplyOutcome.Done(new ApplyResult { Number = newest.Number, Planned = request.Planned });
            }

            var applied = Numbered(request, spec, newest);
            var missed = Missed(newest, applied);
            var result = new ApplyResult
            {
                Number = applied.Number, Planned = request.Planned, Changes = changes, Warnings = [.. missed.Select(WarningOf)],
            };
            if (request.Planned)
            {
                return new ApplyOutcome.Done(result);
            }

            if (!request.RemoveUsed && missed.Any(m => m.User.Now))
            {
                return new ApplyOutcome.Used(
                [
                    .. missed.Where(m => m.User.Now).GroupBy(m => m.Service, m => m.User)
                        .Select(g => (g.Key, g.ToImmutableArray())),
                ]);
            }

            switch (await SpecCommit.WriteAsync(store, applied, newest, modified, Obsolete(spec), stop))
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

    /// <summary>
    /// Who uses what this apply takes out, or did within 31 days. Of a service that was retired that was looked at then, and one
    /// without instances nobody can miss.
    /// </summary>
    private ImmutableArray<(ServiceName Service, ServiceUser User)> Missed(AppliedSpec? newest, AppliedSpec next)
    {
        var state = view.Current.State;
        var placed = state.Placements.Values.SelectMany(h => h.Instances).Select(p => p.Instance.Service).ToHashSet();
        return
        [
            .. (newest?.Spec.Services ?? []).Select(s => s.Name)
                .Where(s => next.Spec.Find(s) is null && placed.Contains(s) && state.IntentOf(s).Retired is null)
                .SelectMany(s => retiring.UsersOf(s, next).Users.Select(u => (s, u))),
        ];
    }

    private static string WarningOf((ServiceName Service, ServiceUser User) missed) =>
        $"{missed.Service} leaves, and {RetireService.ProblemOf(missed.User).Text}";

    /// <summary>
    /// What was said of services that were retired and leave the spec now: should one come back some day, it is a new one.
    /// </summary>
    private ImmutableArray<StoreExpectation> Obsolete(ClusterSpec spec)
    {
        var state = view.Current.State;
        return
        [
            .. state.Intents.Values.Where(i => i.Retired is not null && spec.Find(i.Service) is null)
                .Select(i => StoreKeys.Intent(i.Service)).Select(k => new StoreExpectation(k, state.ModifiedOf(k)))
                .Take(SpecCommit.ObsoleteMax),
        ];
    }

    /// <summary>A cluster keeps its name: a file that says another one is most likely meant for another master.</summary>
    private static Problem OfAnotherCluster(string yaml, ClusterName own, ClusterName named)
    {
        var place = YamlNode.PlaceOf(YamlTree.Read(yaml, new ProblemList())!, "cluster");
        return new Problem(
            "cluster", $"this is the cluster {own}, and the file is of {named}",
            $"apply it where that one runs (--master URL), or write cluster: {own}", place.Line, place.Column);
    }

    /// <summary>Releases that do not exist, or that no key of the spec vouches for.</summary>
    private async Task<ImmutableArray<Problem>> ReleaseProblemsAsync(string yaml, ClusterSpec spec, CancellationToken stop)
    {
        var known = (await store.ReleasesAsync(stop)).ToImmutableSortedDictionary(r => r.Release, r => r);
        var wrong = spec.Services.Select(s => (s.Name, Problem: ProblemOf(s.Instance.Release, known, spec.Keys)))
            .Where(s => s.Problem is not null).ToImmutableArray();
        if (wrong.IsEmpty)
        {
            return [];
        }

        // The spec holds no places: the text, which was read without problems, is walked once more to find them.
        var tree = YamlTree.Read(yaml, new ProblemList())!;
        return
        [
            .. wrong.Select(s =>
            {
                var path = $"services.{s.Name}.release";
                var place = YamlNode.PlaceOf(tree, path);
                return new Problem(path, s.Problem!.Value.Text, s.Problem.Value.Mend, place.Line, place.Column);
            }),
        ];
    }

    private static (string Text, string Mend)? ProblemOf(
        ReleaseId release, ImmutableSortedDictionary<ReleaseId, ReleaseRecord> known,
        ImmutableSortedDictionary<string, string>? keys) =>
        !known.TryGetValue(release, out var record)
            ? ($"the release {release} does not exist", Unknown.ReleaseMend(release, known.Keys))
            : keys is null ? null : ReleaseSigning.Problem(release, record.Manifest, keys, record.Signatures ?? []);

    private AppliedSpec Numbered(ApplyRequest request, ClusterSpec spec, AppliedSpec? newest) => SpecCompiler.Compile(
        spec, request.Text, request.Author, time.GetUtcNow(), basedOn: newest?.Number ?? default,
        number: newest?.Number.Next ?? new SpecNumber(1), request.RevertOf) with
        {
            Leaving = Departing.Of(newest, spec, view.Current.State.Placements.Values, request.Author, time.GetUtcNow()),
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
