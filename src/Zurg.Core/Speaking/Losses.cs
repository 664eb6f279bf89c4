using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// How a silent host becomes lost, and what happens when it is heard again: what was replaced meanwhile may still run there, and
/// somebody who was cut off with it may still use it. So it is told what to run only once every consumer has let go of what it is
/// to give up, or the limit of a drain has passed; what kept its place there is listed at once.
/// </summary>
internal static class Losses
{
    /// <summary>What people said of silences that still last.</summary>
    public static SpeakerCommit Take(SpeakerCommit commit, DateTimeOffset now) => commit.State.Cluster.HostIntents.Values
        .Where(i => i.Lost is { } word && commit.State.Hosts.GetValueOrDefault(i.Host) is { Session: HostSession.Silent } host
            && host.SessionSince == word.SilentSince)
        .Aggregate(commit, (all, intent) => Lose(all, all.State.Hosts[intent.Host], intent.Lost!, now));

    private static SpeakerCommit Lose(SpeakerCommit commit, SpokenHost host, LostIntent word, DateTimeOffset now)
    {
        var lost = host with
        {
            Session = HostSession.Lost,
            SessionSince = now,
            Instances = [],
            RanWhenLost = host.RanWhenLost.Union(host.Instances.Select(i => i.Instance)),
            Lows = [],
            ReturnedAt = null,
            Said = null,
            Confirmed = ImmutableSortedDictionary<ServiceName, ConfirmedRevision>.Empty,
        };
        var follows = host.Follows.IsEmpty ? "" : $"; its consumers of {string.Join(", ", host.Follows)} are not waited for";
        var text = $"{host.Host} is lost, by word of {word.By}{(word.Why is { } why ? $": {why}" : "")}{follows}";
        return commit.Then(FactsWriting.Write(commit.State, lost, out _) with
        {
            Events = [FactsWriting.Event(EventKind.HostLost, host.Host, now, text)],
        });
    }

    public static EventRecord Returned(SpokenHost host, DateTimeOffset now) => FactsWriting.Event(
        EventKind.HostReturned, host.Host, now,
        string.Create(CultureInfo.InvariantCulture,
            $"{host.Host} is back, lost since {host.SessionSince.UtcDateTime:HH:mm:ss} UTC: it gives up what was replaced"));

    /// <summary>It is not told yet what to run.</summary>
    public static bool IsHeldBack(SpokenHost host) => host.Session == HostSession.Lost || host.ReturnedAt is not null;

    /// <summary>Tells those who came back, once they may give up what they have to.</summary>
    public static SpeakerCommit Settle(SpeakerCommit commit, DateTimeOffset now) => commit.State.Hosts.Values
        .Where(h => h is { ReturnedAt: not null, Session: HostSession.Connected } && MayGiveUp(commit.State, h, now))
        .Aggregate(commit, (all, host) =>
        {
            var settled = host with { ReturnedAt = null, RanWhenLost = [] };
            var written = all.Then(FactsWriting.Write(all.State, settled, out _));
            return settled.IsConnected
                ? Telling.Say(written, written.State.Hosts[host.Host], always: true, now)
                : written;
        });

    private static bool MayGiveUp(SpeakerState state, SpokenHost host, DateTimeOffset now)
    {
        // A view in which its return is known has every placement that was taken from it while it was lost.
        if (state.Cluster.Facts.GetValueOrDefault(host.Host)?.ReturnedAt != host.ReturnedAt)
        {
            return false;
        }

        // What was placed there again is another one: told of it, its agent ends the one that runs, and an agent that has lost
        // its journal finds that one only then.
        var keeps = (state.Cluster.Placements.GetValueOrDefault(host.Host)?.Instances ?? [])
            .Where(p => host.Instances.FirstOrDefault(i => i.Instance == p.Instance) is { } status
                ? p.IsOf(status)
                : !host.RanWhenLost.Contains(p.Instance));
        return host.RanWhenLost.Union(host.Instances.Select(i => i.Instance)).Except(keeps.Select(p => p.Instance))
            .Select(i => i.Service).Distinct()
            .All(s => now - host.ReturnedAt >= LimitOf(state.Cluster, s) || Confirming.IsUsedByNobodyOld(state, s));
    }

    private static TimeSpan LimitOf(ClusterState cluster, ServiceName service) =>
        cluster.Applied?.FindLast(service)?.Stop.DrainLimit ?? StopPolicy.DrainUsual;
}
