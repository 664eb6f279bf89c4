using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What hosts are told to run: when they connect, and whenever it has changed.</summary>
internal static class Telling
{
    /// <summary>Tells every connected host for which the change is one.</summary>
    /// <param name="next">With the cluster as it is now.</param>
    public static SpeakerCommit OnChange(ClusterState before, SpeakerState next, DateTimeOffset now)
    {
        var hostsDiffer = HostsDiffer(before, next.Cluster);
        return next.Hosts.Values
            .Where(h => h.IsConnected && (hostsDiffer || Touches(before, next.Cluster, h.Host)))
            .Aggregate(new SpeakerCommit { State = next }, (all, host) => Say(all, host, always: false, now));
    }

    /// <summary>
    /// An assignment that no session carries is not said: the agent would end its session over each, and come back for the next.
    /// It keeps the last one it was told, and people are told why, once.
    /// </summary>
    /// <param name="always">Also when the host was told the same before.</param>
    public static SpeakerCommit Say(SpeakerCommit commit, SpokenHost host, bool always, DateTimeOffset now)
    {
        if (Losses.IsHeldBack(host) || AssignmentView.Of(commit.State.Cluster, host.Host) is not { } assignment)
        {
            return commit;
        }

        var content = SpokenHost.DigestOf(assignment with { Generation = default }, out var size);
        if (!always && content == host.Said)
        {
            return commit;
        }

        var said = new SpeakerCommit { State = commit.State.With(host with { Said = content }) };
        if (size <= SpokenHost.AssignmentBytesMax)
        {
            return commit.Then(said with { Assignments = [always ? WithReady(assignment, host, size) : assignment] });
        }

        if (content == host.Said)
        {
            return commit.Then(said);
        }

        var text = string.Create(CultureInfo.InvariantCulture,
            $"what {host.Host} is to run is not told to it: {assignment.Instances.Length} instances take {size} bytes, "
                + $"at most {SpokenHost.AssignmentBytesMax} fit; it goes on with what it was told before. "
                + $"Place fewer instances there, or shorten env, args and settings");
        return commit.Then(
            said with { Events = [FactsWriting.Event(EventKind.AssignmentTooLarge, host.Host, now, text)] });
    }

    /// <summary>
    /// Only to one that connects: an agent without a journal asks for it then, and what is ready changes all the time. It is a
    /// help, and not said where there is no room for it.
    /// </summary>
    private static Assignment WithReady(Assignment assignment, SpokenHost host, int size)
    {
        var told = assignment with
        {
            Ready =
            [
                .. host.Instances.Where(i => i.IsReady()).Select(i => new ReadyIncarnation(i.Instance, i.Incarnation)),
            ],
        };
        return size + (told.Ready.Length * ReadyBytesMax) <= SpokenHost.AssignmentBytesMax ? told : assignment;
    }

    /// <summary>Of one as JSON: its name has 63 characters of its service, a dot and an index.</summary>
    private const int ReadyBytesMax = 160;

    private static bool Touches(ClusterState before, ClusterState after, HostId host) =>
        !ReferenceEquals(before.Applied, after.Applied)
        || !ReferenceEquals(before.InstanceSpecs, after.InstanceSpecs)
        || !ReferenceEquals(before.Releases, after.Releases)
        || !ReferenceEquals(before.Rollouts, after.Rollouts)
        || !ReferenceEquals(before.Placements.GetValueOrDefault(host), after.Placements.GetValueOrDefault(host));

    /// <summary>What templates can name of hosts: facts change with every report that brings news, this rarely does.</summary>
    private static bool HostsDiffer(ClusterState before, ClusterState after) =>
        !ReferenceEquals(before.Facts, after.Facts)
        && !AssignmentView.HostsOf(before).Select(Named).SequenceEqual(AssignmentView.HostsOf(after).Select(Named));

    private static (HostId Host, CellName Cell, string Address, string Labels) Named(ClusterHost host) => (
        host.Host, host.Cell, host.Address, string.Join('\n', host.Labels.Select(l => $"{l.Key}={l.Value}")));
}
