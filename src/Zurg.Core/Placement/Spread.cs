using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Where a service's instances belong: over cells first, then hosts; and why not on the others.</summary>
internal static class Spread
{
    /// <summary>
    /// The host for one more instance: the cell with the fewest of this service, in it the host with the fewest of this service,
    /// then the one with the fewest instances at all, then the first by name. Null when none fits.
    /// </summary>
    /// <param name="among">Only those; null: any.</param>
    public static BoardHost? Best(Board board, ServiceSpec service, Func<BoardHost, bool>? among = null)
    {
        var perCell = new SortedDictionary<CellName, int>();
        foreach (var host in board.Hosts)
        {
            perCell[host.Cell] = perCell.GetValueOrDefault(host.Cell) + host.CountOf(service.Name);
        }

        return board.Hosts.Where(h => among?.Invoke(h) is not false && h.WhyNotNew(service) is null)
            .OrderBy(h => perCell[h.Cell]).ThenBy(h => h.CountOf(service.Name)).ThenBy(h => h.Count).ThenBy(h => h.Host)
            .FirstOrDefault();
    }

    /// <summary>The hold for an instance that fits nowhere: how many hosts there are, and what each kind of them lacks.</summary>
    public static Hold NoHostFits(Board board, ServiceSpec service, InstanceId instance)
    {
        var count = board.Hosts.Count();
        var text = count == 0
            ? $"{instance} fits nowhere: no host has joined the cluster"
            : string.Create(CultureInfo.InvariantCulture, $"{instance} fits on 0 of {count} hosts: {WhyNowhere(board, service)}");
        var mend = count == 0
            ? "start an agent: zurg agent --master URL --host NAME --cell CELL"
            : board.Hosts.Any(h => h.LowText is not null) ? MendOfLow
            : "change the constraints, ports, memory or count in cluster.yaml, or add a host that fits";
        return new Hold(HoldReason.NoHostFits, text, mend) { Service = service.Name, Instance = instance };
    }

    /// <summary>What each kind of host lacks, those that most of them lack first.</summary>
    public static string WhyNowhere(Board board, ServiceSpec service) => string.Join("; ", board.Hosts
        .Select(h => (h.Host, Why: h.WhyNotNew(service))).Where(r => r.Why is not null)
        .GroupBy(r => r.Why!, r => r.Host).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => $"{g.Key} ({Names([.. g])})"));

    public const string MendOfLow = "free some there (zurg hosts HOST shows what is used), lower reserve: in cluster.yaml, "
        + "or add a host";

    private const int NamesMax = 3;

    private static string Names(ImmutableArray<HostId> hosts) =>
        string.Join(", ", hosts.Take(NamesMax))
        + (hosts.Length > NamesMax ? string.Create(CultureInfo.InvariantCulture, $" and {hosts.Length - NamesMax} more") : "");
}
