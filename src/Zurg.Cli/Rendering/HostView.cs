using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Hosts: all of them a line each, or one with everything that it measured.</summary>
internal static class HostView
{
    public static ImmutableArray<Block> Of(ImmutableArray<HostStatus> hosts, DateTimeOffset now) =>
    [
        new Block.Table(
            ["HOST", "CELL", "SESSION", "FOR", "READY", "CPU", "LOAD", "MEMORY FREE", "DISK FREE", "ADDRESS", "LABELS"],
            [.. hosts.Select(h => Row(h, now))]),
        .. hosts.SelectMany(Lows),
    ];

    public static ImmutableArray<Block> Of(HostStatus host, DateTimeOffset now) =>
    [
        Block.Line.Of(
            new Span(host.Host.Value, Tone.Strong), $"  cell {host.Description.Cell}  ", StatusView.SessionOf(host),
            $" for {Measures.Age(now - host.SessionSince)}  {host.Ready}/{host.Instances} ready"),
        .. Lows(host),
        .. host.Lost is { } lost
            ? [
                Fact("lost", $"by word of {lost.By} {Measures.Age(now - lost.At)} ago"
                    + $"{(lost.Why is { } said ? $": {said}" : "")}; silent for {Measures.Age(now - lost.SilentSince)}, and "
                    + "lost no more once its agent is heard"),
            ]
            : (Block[])[],
        .. host.Drained is { } drained
            ? [
                Fact("drained", $"by {drained.By} {Measures.Age(now - drained.At)} ago"
                    + $"{(drained.Why is { } why ? $": {why}" : "")}; it gets nothing new until zurg undrain {host.Host}"),
            ]
            : (Block[])[],
        Fact("address", host.Description.Address),
        Fact("labels", LabelsOf(host)),
        Fact("kernel", $"{host.Description.Kernel}, booted as {host.Description.BootId}"),
        Fact("agent", $"build {host.Description.Build}"),
        Fact("limits", host.Description.Limits),
        .. host.Measures is { } measures
            ? Numbers(host, measures, now)
            : [Block.Line.Of(new Span("  no reading of its numbers has come in yet", Tone.Faint))],
    ];

    private static ImmutableArray<Span> Row(HostStatus host, DateTimeOffset now)
    {
        var measures = host.Measures;
        var tightest = measures is { FileSystems: [_, ..] disks } ? disks.MinBy(d => (double)d.Free / Math.Max(1, d.Size)) : null;
        var lows = host.Lows.Select(l => l.Resource).ToHashSet();
        return
        [
            new Span(host.Host.Value, Tone.Strong),
            host.Description.Cell.Value,
            StatusView.SessionOf(host),
            Measures.Age(now - host.SessionSince),
            $"{host.Ready}/{host.Instances}",
            measures?.CpuBusy is { } busy ? $"{Percent(busy)} of {host.Description.Cpus}" : $"{host.Description.Cpus}",
            measures is null ? "-" : Real(measures.Load.One),
            measures is null
                ? $"- of {Measures.Size(host.Description.Memory)}"
                : new Span(
                    FreeOf(measures.Memory.Available, measures.Memory.Total),
                    lows.Contains(LowResource.Memory) ? Tone.Bad : Tone.Plain),
            tightest is null
                ? "-"
                : new Span(
                    $"{FreeOf(tightest.Free, tightest.Size)} on {tightest.Mount}",
                    lows.Contains(LowResource.Disk) || lows.Contains(LowResource.Files) ? Tone.Bad : Tone.Plain),
            host.Description.Address,
            LabelsOf(host),
        ];
    }

    private static IEnumerable<Block> Lows(HostStatus host) => host.Lows.Select(low => Block.Line.Of(
        new Span($"{host.Host}: ", Tone.Strong), new Span(low.Text, Tone.Bad), "; it gets no new instance"));

    private static IEnumerable<Block> Numbers(HostStatus host, HostMeasures m, DateTimeOffset now)
    {
        yield return Fact("up", $"{Measures.Age(m.Uptime)}; read {Measures.Age(now - m.At)} ago");
        yield return Fact("cpu", $"{host.Description.Cpus} CPUs"
            + (m.CpuBusy is { } busy ? $", {Percent(busy)} busy" : "")
            + $", load {Real(m.Load.One)} {Real(m.Load.Five)} {Real(m.Load.Fifteen)}");
        yield return Fact("memory", $"{FreeOf(m.Memory.Available, m.Memory.Total)} available"
            + (m.Memory.SwapTotal > 0 ? $", swap {FreeOf(m.Memory.SwapFree, m.Memory.SwapTotal)} free" : ", no swap"));
        yield return Fact("pressure", m.Pressure.IsEmpty
            ? "not told by this kernel"
            : string.Join(", ", m.Pressure.Select(p => $"{p.Resource} {Percent(p.Some)}")) + " of the last 10 s waited");
        foreach (var disk in m.FileSystems)
        {
            var files = disk.Files > 0 ? $", inodes {Percent((double)disk.FilesFree / disk.Files)} free" : "";
            var holds = string.Join(", ", disk.Holds);
            yield return Fact("disk", $"{disk.Mount}  {FreeOf(disk.Free, disk.Size)} free{files} ({holds})");
        }

        foreach (var device in m.Networks)
        {
            yield return Fact("network", $"{device.Device}  received {Measures.Size(device.ReceivedBytes)}, "
                + $"sent {Measures.Size(device.SentBytes)}, {device.Errors} errors, {device.Drops} drops");
        }

        if (m.Tcp is { } tcp)
        {
            var share = tcp.SentSegments > 0 ? (double)tcp.RetransmittedSegments / tcp.SentSegments : 0;
            yield return Fact("tcp", string.Create(
                CultureInfo.InvariantCulture,
                $"{tcp.RetransmittedSegments} of {tcp.SentSegments} segments sent again ({share * 100:0.###}%), "
                    + $"{tcp.ListenDrops} listen drops"));
        }

        if (m.OpenFiles is { } open)
        {
            yield return Fact("files", open.Max == long.MaxValue ? $"{open.Open} open" : $"{open.Open} of {open.Max} open");
        }

        yield return Clock(m.Clock);
        if (!m.Instances.IsEmpty)
        {
            yield return new Block.Table(
                ["INSTANCE", "MEMORY", "CPU TIME", "PROCESSES"],
                [
                    .. m.Instances.Select(i => (ImmutableArray<Span>)
                    [
                        i.Instance.Value, Measures.Size(i.Memory), Measures.Age(i.CpuTime),
                        i.Processes.ToString(CultureInfo.InvariantCulture),
                    ]),
                ]);
        }
    }

    private static Block.Line Clock(ClockMeasure clock) => Block.Line.Of(
        $"  {"clock",-10}{clock.Source}, ",
        clock.Synchronized switch
        {
            true => new Span(string.Create(CultureInfo.InvariantCulture,
                $"synchronised, {clock.Offset.TotalMilliseconds:0.###} ms off"), Tone.Good),
            false => new Span("nobody keeps it right (no NTP or PTP)", Tone.Warn),
            null => "its state is not told here",
        });

    private static Block.Line Fact(string name, string text) => Block.Line.Of($"  {name,-10}{text}");

    private static string LabelsOf(HostStatus host) => host.Description.Labels.IsEmpty
        ? "-"
        : string.Join(' ', host.Description.Labels.Select(l => $"{l.Key}={l.Value}"));

    private static string FreeOf(long free, long whole) => $"{Measures.Size(free)} of {Measures.Size(whole)}";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0}%");

    private static string Real(double number) => number.ToString("0.00", CultureInfo.InvariantCulture);
}
