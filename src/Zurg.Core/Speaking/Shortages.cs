using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What hosts are short of by their readings: a fact when it changed, with the event that says so.</summary>
internal static class Shortages
{
    public static SpeakerCommit OnMeasured(SpeakerState state, HostId id, HostMeasures measures, DateTimeOffset now)
    {
        if (state.Hosts.GetValueOrDefault(id) is not { Description: not null } host)
        {
            return new SpeakerCommit { State = state };
        }

        var measured = new SpeakerCommit { State = state.With(host with { Measures = measures, MeasuredAt = now }) };
        return Judge(measured, id, measures, now);
    }

    public static SpeakerCommit Judge(SpeakerCommit commit, HostId id, HostMeasures measures, DateTimeOffset now)
    {
        var host = commit.State.Hosts[id];
        var bounded = HostRoom.Bounded(measures);
        var lows = HostRoom.Next(host.Lows, bounded, commit.State.Cluster.Applied?.Spec.Reserve ?? Defaults.Reserve, now);
        if (lows.SequenceEqual(host.Lows))
        {
            return commit;
        }

        var written = FactsWriting.Write(commit.State, host with { Lows = lows }, out var size);
        return size > SpokenHost.FactsBytesMax ? commit : commit.Then(written with
        {
            Events =
            [
                .. lows.Except(host.Lows).Select(l => FactsWriting.Event(EventKind.HostLow, id, now, $"{id}: {l.Text}")),
                .. host.Lows.Except(lows).Select(l => FactsWriting.Event(
                    EventKind.HostRecovered, id, now, $"{id} has enough {HostRoom.NameOf(l)} again")),
            ],
        });
    }

    /// <summary>An agent that does not measure any more, or never did, must not close its host for good.</summary>
    public static SpeakerCommit Forget(SpeakerCommit commit, DateTimeOffset now) => commit.State.Hosts.Values
        .Where(h => h.Session == HostSession.Connected && !h.Lows.IsEmpty && now - h.MeasuredAt >= HostRoom.ForgottenAfter)
        .Aggregate(commit, (all, host) => Forget(all, host, now));

    private static SpeakerCommit Forget(SpeakerCommit commit, SpokenHost host, DateTimeOffset now)
    {
        var written = FactsWriting.Write(commit.State, host with { Lows = [], MeasuredAt = now }, out _);
        var text = $"{host.Host} was short of {string.Join(", ", host.Lows.Select(HostRoom.NameOf))}: "
            + "no reading has come for five minutes, so nobody knows whether it still is";
        return commit.Then(
            written with { Events = [FactsWriting.Event(EventKind.HostRecovered, host.Host, now, text)] });
    }
}
