using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The speaker's brain: sessions, reports and silences in; facts to commit and assignments to say out. It says an assignment when
/// a host connects and whenever what the host must run has changed, and writes facts only when they changed.
/// </summary>
public static class SpeakerMachine
{
    /// <summary>A host is silent when no report of its agent's own loop came for so long; reports come each second.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(5);

    public static SpeakerCommit Step(SpeakerState state, SpeakerInput input, DateTimeOffset now) => input switch
    {
        SpeakerInput.ClusterChanged changed => OnCluster(state, changed.Cluster, changed.Naming, now),
        SpeakerInput.Connected connected => OnConnected(state, connected, now),
        SpeakerInput.Reported reported => OnReported(state, reported.Host, reported.Report, now),
        SpeakerInput.Measured measured => Shortages.OnMeasured(state, measured.Host, measured.Measures, now),
        SpeakerInput.Subscribed subscribed => Following.OnSubscribed(state, subscribed.Host, subscribed.Subscription),
        SpeakerInput.Confirmed confirmed => Confirming.OnConfirmed(state, confirmed.Host, confirmed.Confirmation),
        SpeakerInput.Disconnected gone => OnDisconnected(state, gone.Host),
        SpeakerInput.Tick => OnTick(state, now),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Every host that follows the service, by name, and what its consumers use.</summary>
    public static ImmutableArray<ServiceFollower> FollowersOf(SpeakerState state, ServiceName service) =>
        Confirming.FollowersOf(state, service);

    private static SpeakerCommit OnCluster(SpeakerState state, ClusterState cluster, NamingState naming, DateTimeOffset now)
    {
        // Hosts of an earlier speaker get the time to find this one before their silence counts.
        var hosts = state.Hosts;
        foreach (var facts in cluster.Facts.Values.Where(f => !state.Hosts.ContainsKey(f.Host)))
        {
            hosts = hosts.Add(facts.Host, SpokenHost.Of(facts, now));
        }

        var next = state with
        {
            Cluster = cluster,
            Naming = naming,
            Hosts = hosts,
            WaitedFor = ReferenceEquals(state.Cluster.Placements, cluster.Placements)
                ? state.WaitedFor
                : Confirming.WaitedFor(cluster),
            Written = ReferenceEquals(state.Cluster, ClusterState.Empty)
                ? cluster.Confirmed.ToImmutableSortedDictionary(c => c.Key, c => new WrittenConfirmation(c.Value, default))
                : state.Written,
        };
        var commit = Telling.OnChange(state.Cluster, next, now);
        return ReferenceEquals(state.Cluster.Applied, cluster.Applied)
            ? commit
            : hosts.Values.Where(h => h.Measures is not null)
                .Aggregate(commit, (all, host) => Shortages.Judge(all, host.Host, host.Measures!, now));
    }

    private static SpeakerCommit OnConnected(SpeakerState state, SpeakerInput.Connected connected, DateTimeOffset now)
    {
        var known = state.Hosts.GetValueOrDefault(connected.Host);
        var host = (known ?? SpokenHost.New(connected.Host, now)) with
        {
            Description = connected.Description,
            IsConnected = true,
            MeasuredAt = now,
            OwesSets = false,   // what an earlier session asked for, this one asks for again
            Confirmed = ImmutableSortedDictionary<ServiceName, ConfirmedRevision>.Empty,   // and says again what it uses
        };
        return Telling.Say(new SpeakerCommit { State = state.With(host) }, host, always: true, now);
    }

    private static SpeakerCommit OnReported(SpeakerState state, HostId id, HostReport report, DateTimeOffset now)
    {
        if (state.Hosts.GetValueOrDefault(id) is not { Description: { } description } host)
        {
            return new SpeakerCommit { State = state };   // no hello yet: whose report this is, nobody knows
        }

        var back = host.Session != HostSession.Connected;
        var returns = host.Session == HostSession.Lost;
        var news = report.Events.Where(e => e.Id > host.EventsKept).ToImmutableArray();
        var heard = host with
        {
            Heard = now,
            Session = HostSession.Connected,
            SessionSince = back ? now : host.SessionSince,
            ReturnedAt = returns ? now : host.ReturnedAt,
            Applied = report.Applied,
            Instances = report.Instances,
            EventsKept = Math.Max(host.EventsKept, news.IsEmpty ? 0 : news[^1].Id),
        };
        var commit = FactsWriting.WriteOrRefuse(state, heard);
        return !commit.Refusals.IsEmpty ? commit : commit with   // a host that goes on like this becomes silent
        {
            Kept = report.Events.IsEmpty ? [] : [new KeptEvents(id, news, heard.EventsKept)],
            Events = returns ? [Losses.Returned(host, now)]
                : back
                ? [FactsWriting.Event(EventKind.HostConnected, id, now, $"{id} in cell {description.Cell} is connected")]
                : [],
        };
    }

    private static SpeakerCommit OnDisconnected(SpeakerState state, HostId id) => new()
    {
        // The cut is no fact yet: agents come back within a second or two, and only silence counts.
        State = state.Hosts.GetValueOrDefault(id) is { } host ? state.With(host with { IsConnected = false }) : state,
    };

    private static SpeakerCommit OnTick(SpeakerState state, DateTimeOffset now)
    {
        var commit = new SpeakerCommit { State = state };
        foreach (var host in state.Hosts.Values.Where(h => h.Session == HostSession.Connected && now - h.Heard >= SilentAfter))
        {
            var silent = FactsWriting.Write(
                commit.State, host with { Session = HostSession.Silent, SessionSince = now }, out _);
            var text = string.Create(
                CultureInfo.InvariantCulture, $"{host.Host} is silent: no report for {SilentAfter.TotalSeconds} s");
            commit = commit.Then(
                silent with { Events = [FactsWriting.Event(EventKind.HostSilent, host.Host, now, text)] });
        }

        commit = Losses.Settle(Losses.Take(Shortages.Forget(commit, now), now), now);
        return commit.Then(Confirming.Next(commit.State, now));
    }
}
