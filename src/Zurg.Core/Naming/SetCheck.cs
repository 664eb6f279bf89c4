using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Whether a host has the sets that it was told. One that is behind may only be so because the newest is still on its way:
/// it counts as lost when the host was behind that set at the check before, too.
/// </summary>
public static class SetCheck
{
    /// <param name="before">Of each service the newest set that there was at the check before.</param>
    /// <param name="theirs">What the host says that it has.</param>
    /// <param name="ours">What it has been told, or is being told.</param>
    /// <returns>What is to be passed at the next check, and the services whose sets are to be sent again.</returns>
    public static (ImmutableSortedDictionary<ServiceName, Revision> Next, ImmutableArray<ServiceName> Again) Compare(
        ImmutableSortedDictionary<ServiceName, Revision> before,
        ImmutableArray<KnownSet> theirs,
        ImmutableSortedDictionary<ServiceName, KnownSet> ours)
    {
        var next = ours.Where(o => o.Value.Revision is not null)
            .ToImmutableSortedDictionary(o => o.Key, o => o.Value.Revision!.Value);
        var again = theirs.Where(t => ours.TryGetValue(t.Service, out var our) && IsLost(t, our, before)).Select(t => t.Service);
        return (next, [.. again]);
    }

    /// <summary>Of what consumers act on, field by field: builds that write records differently agree on it.</summary>
    public static Digest DigestOf(EndpointSet set)
    {
        var text = new StringBuilder();
        foreach (var e in set.Endpoints)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{e.Instance} {e.Incarnation} {e.Host} {e.Cell} {e.Address} {e.Release} {e.State}");
            foreach (var (name, port) in e.Ports)
            {
                text.Append(CultureInfo.InvariantCulture, $" {name}={port}");
            }

            text.Append('\n');
        }

        return Digest.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static bool IsLost(KnownSet their, KnownSet our, ImmutableSortedDictionary<ServiceName, Revision> before) =>
        their.Revision is not { } revision ? before.ContainsKey(their.Service)
        : revision == our.Revision ? their.Digest != our.Digest
        : before.TryGetValue(their.Service, out var earlier) && revision < earlier;
}
