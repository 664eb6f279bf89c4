using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What consumers confirm, on its way to whoever waits for it (DESIGN.md promise 2): of each service that a placement drains for,
/// the lowest revision that any following host uses. A host counts while its facts say that it follows, with a session or
/// without, and it uses nothing that it has not said in its newest one. A lost host does not count.
/// </summary>
internal static class Confirming
{
    /// <summary>Who is late is written so often; the lowest revision at once.</summary>
    public static readonly TimeSpan LateEvery = TimeSpan.FromSeconds(1);

    /// <summary>Of a consumer's name, which its host chose.</summary>
    public const int NameCharsMax = 100;

    public static SpeakerCommit OnConfirmed(SpeakerState state, HostId id, NamingConfirmation said) => new()
    {
        // Of two words for one service, which no agent says, the lower one counts.
        State = state.Hosts.GetValueOrDefault(id) is { Description: not null } host
            ? state.With(host with
            {
                Confirmed = said.Services.GroupBy(s => s.Service)
                    .ToImmutableSortedDictionary(g => g.Key, g => g.MinBy(s => s.Revision)!),
            })
            : state,
    };

    /// <summary>The services that somebody waits for: an instance of theirs is withdrawn and not stopped yet.</summary>
    public static ImmutableSortedSet<ServiceName> WaitedFor(ClusterState cluster) =>
    [
        .. cluster.Placements.Values.SelectMany(h => h.Instances)
            .Where(p => p.DrainingSince is not null).Select(p => p.Instance.Service),
    ];

    /// <summary>What the store is to hold now, where that is something else than before.</summary>
    public static SpeakerCommit Next(SpeakerState state, DateTimeOffset now)
    {
        var written = state.Written;
        var confirmed = ImmutableArray.CreateBuilder<ServiceConfirmation>();
        foreach (var service in state.WaitedFor)
        {
            var next = Of(state, service);
            if (!written.TryGetValue(service, out var before) || next.Lowest != before.Value.Lowest
                || (now - before.At >= LateEvery && !next.Late.SequenceEqual(before.Value.Late)))
            {
                written = written.SetItem(service, new WrittenConfirmation(next, now));
                confirmed.Add(next);
            }
        }

        var over = written.Keys.Where(s => !state.WaitedFor.Contains(s)).ToImmutableArray();
        return new SpeakerCommit
        {
            State = state with { Written = written.RemoveRange(over) },
            Confirmed = confirmed.ToImmutable(),
            NotWaitedFor = over,
        };
    }

    /// <summary>Every host that follows the service, by name.</summary>
    public static ImmutableArray<ServiceFollower> FollowersOf(SpeakerState state, ServiceName service) =>
    [
        .. state.Hosts.Values.Where(h => h.Follows.Contains(service)).Select(h =>
        {
            var said = h.Confirmed.GetValueOrDefault(service);

            // From beyond the newest revision: the store was put back from a backup, and the word is about another history.
            var revision = said is { } word && word.Revision <= state.Cluster.Revision ? word.Revision : default(Revision?);
            return new ServiceFollower(h.Host, h.Session, revision) { Late = said?.Late ?? [] };
        }),
    ];

    /// <summary>Every consumer that is waited for uses the service's newest set.</summary>
    public static bool IsUsedByNobodyOld(SpeakerState state, ServiceName service) =>
        Of(state, service).Lowest >= state.Naming.SetOf(service).Revision;

    private static ServiceConfirmation Of(SpeakerState state, ServiceName service)
    {
        var newest = state.Naming.SetOf(service).Revision;
        var followers = FollowersOf(state, service).Where(f => f.Session != HostSession.Lost).ToImmutableArray();
        return new ServiceConfirmation
        {
            Service = service,

            // With no follower nobody can use anything older than the newest set: whoever comes later is offered that one.
            Lowest = followers.IsEmpty ? newest : followers.Min(f => f.Confirmed ?? default),
            Late =
            [
                .. followers.Where(f => (f.Confirmed ?? default) < newest)
                    .OrderBy(f => f.Confirmed ?? default).ThenBy(f => f.Host)
                    .Take(ConfirmedRevision.LateMax)
                    .Select(f => new LateHost(f.Host, f.Confirmed ?? default, NameOf(f))),
            ],
        };
    }

    private static string? NameOf(ServiceFollower follower) =>
        follower.Late.FirstOrDefault()?.Name is not { } name ? null
        : name.Length <= NameCharsMax ? name
        : name[..NameCharsMax];
}
