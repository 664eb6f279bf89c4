using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Usage;
using Zurg.Protocol;

namespace Zurg.Master.Api;

internal abstract record RetireOutcome
{
    private RetireOutcome()
    {
    }

    public sealed record Written : RetireOutcome;

    public sealed record UnknownService(ImmutableArray<ServiceName> Known) : RetireOutcome;

    public sealed record NothingToDo(string Text) : RetireOutcome;

    /// <summary>It has left the spec: there is nothing to retire.</summary>
    public sealed record NotInSpec : RetireOutcome;

    public sealed record Used(RetireVerdict.Refused Verdict, ServiceUsers Users) : RetireOutcome;
}

/// <summary>
/// Retires a service that nobody uses. The verdict holds for one spec and one intent: if either has changed by the time that it
/// is written, it is judged again, so neither a new dependency nor a second operator comes in between.
/// </summary>
internal sealed class Retiring(
    IStateStore store, IClusterView view, SpeakerLoop speaker, UseLog uses, IEventLog events, TimeProvider time)
{
    private const int AttemptsMax = 20;

    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(50);

    /// <exception cref="StoreFaultException">What was seen cannot be read.</exception>
    public ServiceUsers UsersOf(ServiceName service) => UsersOf(view.Current.State, service);

    /// <summary>
    /// Who would miss the service in the next spec. Instances of services that it does not have either do not count, nor does
    /// what only the spec before says.
    /// </summary>
    /// <exception cref="StoreFaultException">What was seen cannot be read.</exception>
    public ServiceUsers UsersOf(ServiceName service, AppliedSpec next) => UsersOf(
        view.Current.State with { Applied = next }, service,
        seen => seen.Sighting.Instance is not { } instance || next.Spec.Find(instance.Service) is not null);

    /// <summary>Null when the service is known, else those that are.</summary>
    public ImmutableArray<ServiceName>? Known(ServiceName service, ServiceUsers users)
    {
        var (state, naming) = view.Current;
        var known = StatusView.Of(state, naming, time.GetUtcNow()).Services.Select(s => s.Service).ToImmutableArray();
        return known.Contains(service) || !users.Users.IsEmpty ? null : known;
    }

    /// <param name="seenBefore">Clients that were last seen before this do not count.</param>
    /// <exception cref="StoreFaultException">The outcome is unknown: read it back.</exception>
    public async Task<RetireOutcome> RetireAsync(
        ServiceName service, DateTimeOffset? seenBefore, string by, CancellationToken stop)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var state = view.Current.State;
            var users = UsersOf(state, service);
            var intent = state.IntentOf(service);
            if (Known(service, users) is { } known)
            {
                return new RetireOutcome.UnknownService(known);
            }

            if (intent.Retired is { } retired)
            {
                return new RetireOutcome.NothingToDo($"{service} was retired by {retired.By} already");
            }

            if (state.Applied?.Spec.Find(service) is null)
            {
                return new RetireOutcome.NotInSpec();
            }

            if (RetireVerdict.Judge(users, seenBefore) is RetireVerdict.Refused refused)
            {
                return new RetireOutcome.Used(refused, users);
            }

            if (await TryWriteAsync(state, intent with { Retired = new RetiredIntent(time.GetUtcNow(), by) }, stop))
            {
                await RecordAsync(users, seenBefore, by);
                return new RetireOutcome.Written();
            }

            await Task.Delay(AgainAfter, time, stop);
        }

        throw new StoreFaultException($"{service} or the spec was changed {AttemptsMax} times while it was to be retired");
    }

    private ServiceUsers UsersOf(ClusterState state, ServiceName service) => UsersOf(state, service, _ => true);

    private ServiceUsers UsersOf(ClusterState state, ServiceName service, Func<KeptSighting, bool> counts)
    {
        var (sightings, watches) = uses.Read(service);
        var follows = speaker.FollowersOf(service).Select(f => f.Host).ToImmutableArray();
        return UseView.Of(state, service, [.. sightings.Where(counts)], watches, follows, time.GetUtcNow());
    }

    /// <summary>Guarded by what was judged, as this server knew it.</summary>
    private async Task<bool> TryWriteAsync(ClusterState state, ServiceIntent intent, CancellationToken stop)
    {
        var key = StoreKeys.Intent(intent.Service);
        var value = JsonSerializer.SerializeToUtf8Bytes(intent, WireJson.Default.ServiceIntent);
        var commit = new StoreCommit(
            [
                new StoreExpectation(key, state.ModifiedOf(key)),
                new StoreExpectation(StoreKeys.CurrentSpec, state.ModifiedOf(StoreKeys.CurrentSpec)),
            ],
            [new StoreWrite(key, value)]);
        if (await store.CommitAsync(commit, stop) is not CommitOutcome.Committed committed)
        {
            return false;
        }

        await view.ReachAsync(committed.Revision, time, stop);
        return true;
    }

    private Task RecordAsync(ServiceUsers users, DateTimeOffset? seenBefore, string by)
    {
        var past = users.Users.IsEmpty ? "" : $"; {users.Users.Length} last seen before {seenBefore:u} did not count";
        return events.RecordAsync(new EventRecord
        {
            Id = 0, At = time.GetUtcNow(), Kind = EventKind.ServiceRetired, Service = users.Service,
            Text = $"{users.Service} was retired by {by}: nobody uses it{past}",
        });
    }
}
