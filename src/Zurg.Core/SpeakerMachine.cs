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
        SpeakerInput.ClusterChanged changed => OnCluster(state, changed.Cluster, now),
        SpeakerInput.Connected connected => OnConnected(state, connected, now),
        SpeakerInput.Reported reported => OnReported(state, reported.Host, reported.Report, now),
        SpeakerInput.Measured measured => OnMeasured(state, measured.Host, measured.Measures, now),
        SpeakerInput.Disconnected gone => OnDisconnected(state, gone.Host),
        SpeakerInput.Tick => OnTick(state, now),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static SpeakerCommit OnCluster(SpeakerState state, ClusterState cluster, DateTimeOffset now)
    {
        // Hosts of an earlier speaker get the time to find this one before their silence counts.
        var hosts = state.Hosts;
        foreach (var facts in cluster.Facts.Values.Where(f => !state.Hosts.ContainsKey(f.Host)))
        {
            hosts = hosts.Add(facts.Host, SpokenHost.Of(facts, now));
        }

        var next = state with { Cluster = cluster, Hosts = hosts };
        var said = new Said([], []);
        var hostsDiffer = HostsDiffer(state.Cluster, cluster);
        foreach (var host in hosts.Values.Where(h => h.IsConnected && (hostsDiffer || Touches(state.Cluster, cluster, h.Host))))
        {
            next = Say(next, host, said, always: false, now);
        }

        var commit = new SpeakerCommit { State = next, Assignments = [.. said.Assignments], Events = [.. said.Events] };
        return ReferenceEquals(state.Cluster.Applied, cluster.Applied)
            ? commit
            : hosts.Values.Where(h => h.Measures is not null)
                .Aggregate(commit, (all, host) => Judge(all, host.Host, host.Measures!, now));
    }

    private static SpeakerCommit OnConnected(SpeakerState state, SpeakerInput.Connected connected, DateTimeOffset now)
    {
        var known = state.Hosts.GetValueOrDefault(connected.Host);
        var spoken = known ?? SpokenHost.New(connected.Host, now);
        var host = spoken with { Description = connected.Description, IsConnected = true, MeasuredAt = now };
        var said = new Said([], []);
        var next = Say(state.With(host), host, said, always: true, now);
        return new SpeakerCommit { State = next, Assignments = [.. said.Assignments], Events = [.. said.Events] };
    }

    private static SpeakerCommit OnReported(SpeakerState state, HostId id, HostReport report, DateTimeOffset now)
    {
        if (state.Hosts.GetValueOrDefault(id) is not { Description: { } description } host)
        {
            return new SpeakerCommit { State = state };   // no hello yet: whose report this is, nobody knows
        }

        var back = host.Session != HostSession.Connected;
        var news = report.Events.Where(e => e.Id > host.EventsKept).ToImmutableArray();
        var heard = host with
        {
            Heard = now,
            Session = HostSession.Connected,
            SessionSince = back ? now : host.SessionSince,
            Applied = report.Applied,
            Instances = report.Instances,
            EventsKept = Math.Max(host.EventsKept, news.IsEmpty ? 0 : news[^1].Id),
        };
        var commit = WriteFacts(state, heard, out var size);
        if (size > SpokenHost.FactsBytesMax)
        {
            // As if it had said nothing: what cannot be kept must not count, and a host that goes on like this becomes silent.
            var reason = string.Create(CultureInfo.InvariantCulture,
                $"a report of {report.Instances.Length} instances is {size} bytes long, "
                    + $"at most {SpokenHost.FactsBytesMax} can be kept");
            return new SpeakerCommit { State = state, Refusals = [new Refusal(id, reason)] };
        }

        return commit with
        {
            Kept = report.Events.IsEmpty ? [] : [new KeptEvents(id, news, heard.EventsKept)],
            Events = back ? [Event(EventKind.HostConnected, id, now, $"{id} in cell {description.Cell} is connected")] : [],
        };
    }

    private static SpeakerCommit OnMeasured(SpeakerState state, HostId id, HostMeasures measures, DateTimeOffset now) =>
        state.Hosts.GetValueOrDefault(id) is { Description: not null } host
            ? Judge(
                new SpeakerCommit { State = state.With(host with { Measures = measures, MeasuredAt = now }) },
                id, HostRoom.Bounded(measures), now)
            : new SpeakerCommit { State = state };

    /// <summary>What the host is short of by this reading: a fact when it changed, with the event that says so.</summary>
    private static SpeakerCommit Judge(SpeakerCommit commit, HostId id, HostMeasures measures, DateTimeOffset now)
    {
        var host = commit.State.Hosts[id];
        var lows = HostRoom.Next(host.Lows, measures, commit.State.Cluster.Applied?.Spec.Reserve ?? Defaults.Reserve, now);
        if (lows.SequenceEqual(host.Lows))
        {
            return commit;
        }

        var written = WriteFacts(commit.State, host with { Lows = lows }, out var size);
        return size > SpokenHost.FactsBytesMax ? commit : commit with
        {
            State = written.State,
            Facts = [.. commit.Facts, .. written.Facts],
            Events =
            [
                .. commit.Events,
                .. lows.Except(host.Lows).Select(l => Event(EventKind.HostLow, id, now, $"{id}: {l.Text}")),
                .. host.Lows.Except(lows).Select(l => Event(
                    EventKind.HostRecovered, id, now, $"{id} has enough {HostRoom.NameOf(l)} again")),
            ],
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
            var silent = WriteFacts(commit.State, host with { Session = HostSession.Silent, SessionSince = now }, out _);
            var text = string.Create(
                CultureInfo.InvariantCulture, $"{host.Host} is silent: no report for {SilentAfter.TotalSeconds} s");
            commit = new SpeakerCommit
            {
                State = silent.State,
                Facts = [.. commit.Facts, .. silent.Facts],
                Events = [.. commit.Events, Event(EventKind.HostSilent, host.Host, now, text)],
            };
        }

        foreach (var host in commit.State.Hosts.Values.Where(h => h.Session == HostSession.Connected && !h.Lows.IsEmpty
            && now - h.MeasuredAt >= HostRoom.ForgottenAfter))
        {
            commit = Forget(commit, host, now);
        }

        return commit;
    }

    /// <summary>An agent that does not measure any more, or never did, must not close its host for good.</summary>
    private static SpeakerCommit Forget(SpeakerCommit commit, SpokenHost host, DateTimeOffset now)
    {
        var written = WriteFacts(commit.State, host with { Lows = [], MeasuredAt = now }, out _);
        var text = $"{host.Host} was short of {string.Join(", ", host.Lows.Select(HostRoom.NameOf))}: "
            + "no reading has come for five minutes, so nobody knows whether it still is";
        return commit with
        {
            State = written.State,
            Facts = [.. commit.Facts, .. written.Facts],
            Events = [.. commit.Events, Event(EventKind.HostRecovered, host.Host, now, text)],
        };
    }

    private static SpeakerCommit WriteFacts(SpeakerState state, SpokenHost host, out int size)
    {
        size = 0;
        if (host.FactsOf() is not { } facts)
        {
            return new SpeakerCommit { State = state.With(host) };
        }

        var json = SpokenHost.JsonOf(facts);
        size = json.Length;
        var digest = Digest.Of(json);
        return digest == host.Written
            ? new SpeakerCommit { State = state.With(host) }
            : new SpeakerCommit { State = state.With(host with { Written = digest }), Facts = [facts] };
    }

    /// <summary>
    /// An assignment that no session carries is not said: the agent would end its session over each, and come back for the next.
    /// It keeps the last one it was told, and people are told why, once.
    /// </summary>
    private static SpeakerState Say(SpeakerState state, SpokenHost host, Said said, bool always, DateTimeOffset now)
    {
        if (AssignmentView.Of(state.Cluster, host.Host) is not { } assignment)
        {
            return state;
        }

        var content = SpokenHost.DigestOf(assignment with { Generation = default }, out var size);
        if (!always && content == host.Said)
        {
            return state;
        }

        if (size <= SpokenHost.AssignmentBytesMax)
        {
            said.Assignments.Add(assignment);
        }
        else if (content != host.Said)
        {
            var text = string.Create(CultureInfo.InvariantCulture,
                $"what {host.Host} is to run is not told to it: {assignment.Instances.Length} instances take {size} bytes, "
                    + $"at most {SpokenHost.AssignmentBytesMax} fit; it goes on with what it was told before. "
                    + $"Place fewer instances there, or shorten env, args and settings");
            said.Events.Add(Event(EventKind.AssignmentTooLarge, host.Host, now, text));
        }

        return state.With(host with { Said = content });
    }

    private static bool Touches(ClusterState before, ClusterState after, HostId host) =>
        !ReferenceEquals(before.Applied, after.Applied)
        || !ReferenceEquals(before.InstanceSpecs, after.InstanceSpecs)
        || !ReferenceEquals(before.Releases, after.Releases)
        || !ReferenceEquals(before.Placements.GetValueOrDefault(host), after.Placements.GetValueOrDefault(host));

    /// <summary>What templates can name of hosts: facts change with every report that brings news, this rarely does.</summary>
    private static bool HostsDiffer(ClusterState before, ClusterState after) =>
        !ReferenceEquals(before.Facts, after.Facts)
        && !before.Facts.Values.Select(Named).SequenceEqual(after.Facts.Values.Select(Named));

    private static (HostId Host, CellName Cell, string Address, string Labels) Named(HostFacts facts) => (
        facts.Host, facts.Description.Cell, facts.Description.Address,
        string.Join('\n', facts.Description.Labels.Select(l => $"{l.Key}={l.Value}")));

    /// <summary>What one step says: to hosts, and of them.</summary>
    private sealed record Said(List<Assignment> Assignments, List<EventRecord> Events);

    private static EventRecord Event(EventKind kind, HostId host, DateTimeOffset now, string text) =>
        new() { Id = 0, At = now, Kind = kind, Host = host, Text = text };
}
