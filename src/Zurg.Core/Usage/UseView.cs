using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A sighting as the master keeps it.</summary>
/// <param name="Host">Whose agent saw it.</param>
/// <param name="Heard">When the master was last told of it, by its own clock.</param>
public sealed record KeptSighting(HostId Host, UseSighting Sighting, DateTimeOffset Heard);

/// <param name="Since">Since when it watches without a gap.</param>
public sealed record HostWatch(HostId Host, DateTimeOffset Since);

/// <summary>Who uses a service, put together from what the spec says and what hosts have seen.</summary>
public static class UseView
{
    /// <summary>
    /// An agent tells what goes on each hour: what it has not told for so long it has forgotten, and nobody knows of it.
    /// </summary>
    public static readonly TimeSpan OpenFor = 2 * UseBook.ToldEvery;

    /// <summary>Of clients in one answer.</summary>
    public const int UsersMax = 1_000;

    /// <summary>Both ends of a connection are looked at within this time of one another.</summary>
    private static readonly TimeSpan BothEndsWithin = TimeSpan.FromMinutes(1);

    /// <param name="follows">Hosts whose consumers follow the service now.</param>
    public static ServiceUsers Of(
        ClusterState state, ServiceName service, ImmutableArray<KeptSighting> sightings, ImmutableArray<HostWatch> watches,
        ImmutableArray<HostId> follows, DateTimeOffset now)
    {
        var seen = sightings
            .Where(k => k.Sighting.Service == service && k.Sighting.Instance?.Service != service)
            .Select(k => Judge(state, k, now)).Where(s => now - s.Last <= UseBook.KeptFor).ToImmutableArray();
        var watching = watches.Select(w => w.Host).ToImmutableSortedSet();
        var users = seen.Where(s => !IsKnownAtTheOtherEnd(state, seen, s))
            .Select(s => (Who: WhoOf(state, s.Kept), Proof: ProofOf(s)))
            .Concat(Declared(state, service))
            .Concat(follows.Where(h => !watching.Contains(h)).Select(h => FollowsUnwatched(state, h, now)))
            .GroupBy(p => p.Who)
            .Select(g => UserOf(g.Key, [.. g.Select(p => p.Proof)]))
            .OrderByDescending(u => u.Now).ThenByDescending(u => u.LastSeen ?? DateTimeOffset.MaxValue)
            .ThenBy(u => u.Client, StringComparer.Ordinal).ThenBy(u => u.Host);
        var earliest = now - UseBook.KeptFor;
        var since = watches.Select(w => (DateTimeOffset?)w.Since).Min() is { } first
            ? first > earliest ? first : earliest
            : (DateTimeOffset?)null;
        return new ServiceUsers
        {
            Service = service,
            Users = [.. users.Take(UsersMax)],
            Since = since,
            Gaps = [.. Gaps(state, watches, since)],
            Retired = state.IntentOf(service).Retired,
        };
    }

    private static IEnumerable<PartlyWatchedHost> Gaps(
        ClusterState state, ImmutableArray<HostWatch> watches, DateTimeOffset? since)
    {
        var known = watches.ToImmutableSortedDictionary(w => w.Host, w => w.Since);
        foreach (var (host, facts) in state.Facts)
        {
            if (!known.TryGetValue(host, out var own) || facts.Session != HostSession.Connected)
            {
                yield return new PartlyWatchedHost(host);
            }
            else if (own - since >= UseBook.GapMax)
            {
                yield return new PartlyWatchedHost(host, own);
            }
        }
    }

    /// <summary>Whether it goes on, and until when it was surely so.</summary>
    private static Seen Judge(ClusterState state, KeptSighting kept, DateTimeOffset now)
    {
        var sighting = kept.Sighting;
        var last = sighting.Last < now ? sighting.Last : now;
        if (!sighting.Open)
        {
            return new Seen(kept, last, Now: false, Silent: false);
        }

        var facts = state.Facts.GetValueOrDefault(kept.Host);
        return facts switch
        {
            { Session: HostSession.Connected } when now - kept.Heard <= OpenFor => new Seen(kept, now, Now: true, Silent: false),
            { Session: HostSession.Silent, SessionSince: var since } when since > last && since <= now =>
                new Seen(kept, since, Now: false, Silent: true),
            _ => new Seen(kept, last, Now: false, Silent: facts?.Session != HostSession.Connected),
        };
    }

    /// <summary>The host at the other end says which process it was: the address alone says nothing more.</summary>
    private static bool IsKnownAtTheOtherEnd(ClusterState state, ImmutableArray<Seen> all, Seen seen) =>
        seen.Kept.Sighting is { Evidence: UseEvidence.ConnectedFrom, Address: { } address }
        && HostAt(state, address) is { } host
        && all.Any(s => s.Kept.Host == host && s.Kept.Sighting.Evidence == UseEvidence.Connected
            && s.Last >= seen.Last - BothEndsWithin);

    private static HostId? HostAt(ClusterState state, string address)
    {
        var hosts = state.Facts.Values.Where(f => f.Description.Address == address).Select(f => f.Host).Take(2).ToList();
        return hosts is [var one] ? one : null;
    }

    private static Who WhoOf(ClusterState state, KeptSighting kept) => kept.Sighting switch
    {
        { Others: { } others } sighting => new Who(
            string.Create(CultureInfo.InvariantCulture, $"{others} more like these ({WordOf(sighting.Evidence)})"), kept.Host),
        { Instance: { } instance } => new Who(instance.Value, kept.Host),
        { Command: { } command } => new Who(command, kept.Host),
        var sighting => HostAt(state, sighting.Address ?? "") is { } host
            ? new Who("a process that was not found", host)
            : new Who(sighting.Address ?? "unknown", null),
    };

    private static UseProof ProofOf(Seen seen)
    {
        var sighting = seen.Kept.Sighting;
        var text = sighting.Evidence switch
        {
            UseEvidence.Follows => "follows its endpoints",
            UseEvidence.Asked => "asks for its endpoints",
            UseEvidence.Connected => "has TCP connections to it",
            UseEvidence.ConnectedFrom => $"has TCP connections from {sighting.Address ?? "elsewhere"} to an instance there",
            UseEvidence.Declared or UseEvidence.Unknown => "uses it in a way that this build does not know",
        };
        var pid = sighting.Pid is { } id ? string.Create(CultureInfo.InvariantCulture, $", process {id}") : "";
        var silent = seen.Silent ? "; the host is silent, so it may still" : "";
        return new UseProof(
            sighting.Evidence, text + pid + silent, $"the agent of {seen.Kept.Host}", sighting.First, seen.Last, seen.Now);
    }

    private static string WordOf(UseEvidence evidence) => evidence switch
    {
        UseEvidence.Follows => "following",
        UseEvidence.Asked => "asking",
        UseEvidence.Connected or UseEvidence.ConnectedFrom => "connected",
        UseEvidence.Declared or UseEvidence.Unknown => "of another kind",
    };

    private static IEnumerable<(Who Who, UseProof Proof)> Declared(ClusterState state, ServiceName service)
    {
        if (state.Applied is not { } applied)
        {
            yield break;
        }

        var source = $"spec {applied.Number} by {applied.Author}";
        foreach (var other in applied.Spec.Services.Where(s => s.Name != service && s.DependsOn.Contains(service)))
        {
            yield return (new Who(other.Name.Value, null), Said("names it in depends_on"));
        }

        foreach (var other in applied.Spec.Services.Where(s => s.Name != service && s.Uses.Any(u => u.Service == service)))
        {
            yield return (new Who(other.Name.Value, null), Said("names it in uses"));
        }

        foreach (var route in applied.Spec.Routes.Where(r => r.Service == service))
        {
            yield return (new Who($"route {route.Host}{route.Path}", null), Said("leads to it"));
        }

        UseProof Said(string text) => new(UseEvidence.Declared, text, source, applied.At, applied.At, Now: true);
    }

    private static (Who Who, UseProof Proof) FollowsUnwatched(ClusterState state, HostId host, DateTimeOffset now) =>
        (new Who("a process that was not found", host), new UseProof(
            UseEvidence.Follows, "the host follows its endpoints; its agent does not say for whom", "the speaker of its ring",
            state.Facts.GetValueOrDefault(host)?.SessionSince ?? now, now, Now: true));

    private static ServiceUser UserOf(Who who, ImmutableArray<UseProof> proofs)
    {
        var seen = proofs.Where(p => p.Evidence != UseEvidence.Declared).ToList();
        return new ServiceUser
        {
            Client = who.Client,
            Host = who.Host,
            Now = proofs.Any(p => p.Now),
            LastSeen = seen.Count == 0 ? null : seen.Max(p => p.Last),
            Proofs = [.. proofs.OrderBy(p => p.Evidence).ThenByDescending(p => p.Last)],
        };
    }

    private sealed record Who(string Client, HostId? Host);

    /// <param name="Silent">Its host does not answer: whether it goes on is not known.</param>
    private sealed record Seen(KeptSighting Kept, DateTimeOffset Last, bool Now, bool Silent);
}
