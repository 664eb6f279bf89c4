using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>The cluster at a glance.</summary>
internal static class StatusView
{
    public static ImmutableArray<Block> Of(ClusterStatus status, DateTimeOffset now) =>
    [
        Title(status),
        .. status.Services.IsEmpty
            ? []
            : (Block[])[Services(status), Instances(status.Services.SelectMany(s => s.Instances), now)],
        BriefHosts(status.Hosts, now),
        .. RolloutView.News(status.Services, now),
        .. HoldView.Of(status.Holds),
        .. status.Spec.Value == 0 ? (Block[])[Block.Line.Of("nothing was applied yet: zurg apply cluster.yaml")] : [],
    ];

    /// <summary>The same without instances and hosts: what an apply shows while it waits.</summary>
    public static ImmutableArray<Block> Brief(ClusterStatus status, DateTimeOffset now) =>
        [Title(status), Services(status), .. RolloutView.News(status.Services, now), .. HoldView.Of(status.Holds)];

    private static Block.Line Title(ClusterStatus status) => Block.Line.Of(
        new Span($"cluster {status.Cluster?.Value ?? "(no spec yet)"}", Tone.Strong),
        $"  spec {status.Spec}  ",
        status.Converged ? new Span("converged", Tone.Good) : new Span("converging", Tone.Warn));

    private static Block.Table Services(ClusterStatus status) => new(
        ["SERVICE", "RELEASE", "READY", "STATE"],
        [
            .. status.Services.Select(s => (ImmutableArray<Span>)
            [
                new Span(s.Service.Value, Tone.Strong),
                s.Release?.Value ?? "-",
                new Span($"{s.Ready}/{s.Wanted}", s.Ready >= s.Wanted ? Tone.Good : s.Ready > 0 ? Tone.Warn : Tone.Bad),
                StateOf(s, status.Holds),
            ]),
        ]);

    private static Span StateOf(ServiceStatus service, ImmutableArray<Hold> holds)
    {
        if (service.Retired is not null)
        {
            return new Span(service.Instances.IsEmpty ? "retired" : "retiring", Tone.Warn);
        }

        if (service.Stopped)
        {
            return new Span("stopped", Tone.Warn);
        }

        if (service.Release is null)
        {
            return new Span("leaving", Tone.Faint);
        }

        if (service.Rollout is { } rollout && RolloutView.IsNews(rollout))
        {
            return RolloutView.StateOf(rollout);
        }

        var held = holds.Count(h => h.Service == service.Service || h.Instance?.Service == service.Service);
        return held > 0 ? new Span(Measures.Count(held, "hold"), Tone.Warn)
            : service.Ready < service.Wanted ? new Span("starting", Tone.Warn)
            : service.Instances.Any(i => !i.UpToDate) ? new Span("updating", Tone.Warn)
            : new Span("ready", Tone.Good);
    }

    public static Block.Table Instances(IEnumerable<PlacedInstance> instances, DateTimeOffset now) => new(
        ["INSTANCE", "HOST", "CELL", "PHASE", "FOR", "PID", "PORTS", "RELEASE", "CRASHES"],
        [
            .. instances.Select(i => (ImmutableArray<Span>)
            [
                i.Instance.Value,
                i.Host.Value,
                i.Cell?.Value ?? "-",
                PhaseOf(i),
                SinceOf(i) is { } since ? Measures.Age(now - since) : "-",
                i.Status?.Pid?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-",
                i.Status is { Ports.Count: > 0 } open ? Measures.Ports(open.Ports) : "-",
                i.Status?.Release.Version.Value is { } version ? version + (i.UpToDate ? "" : " (old)") : "-",
                i.Status is { Crashes: > 0 } crashed ? new Span($"{crashed.Crashes}", Tone.Warn) : new Span("0", Tone.Faint),
            ]),
        ]);

    public static Span PhaseOf(PlacedInstance instance) => instance.Status switch
    {
        null => new Span("placed", Tone.Faint),
        { Hold: { } hold } => new Span($"{Measures.Word(instance.Status.Phase)}: {Measures.Word(hold.Reason)}", Tone.Bad),
        { Phase: InstancePhase.Running } when instance.DrainingSince is not null => new Span("draining", Tone.Warn),
        var s when s.IsReady() && instance.Refuse is true => new Span("ready, refuses", Tone.Warn),
        var s when s.IsReady() => instance.Unlisted is true ? new Span("ready, hidden", Tone.Warn) : new Span("ready", Tone.Good),
        { Phase: InstancePhase.Running } => new Span("unhealthy", Tone.Bad),
        var s => new Span(Measures.Word(s.Phase), Tone.Warn),
    };

    /// <summary>Since when it is what <see cref="PhaseOf"/> says.</summary>
    public static DateTimeOffset? SinceOf(PlacedInstance instance) =>
        instance is { DrainingSince: { } draining, Status: { Phase: InstancePhase.Running, Hold: null } }
            ? draining
            : instance.Status?.Since;

    // Few columns: a terminal of 80 is the usual one.
    private static Block.Table BriefHosts(ImmutableArray<HostStatus> hosts, DateTimeOffset now) => new(
        ["HOST", "CELL", "SESSION", "FOR", "READY"],
        [
            .. hosts.Select(h => (ImmutableArray<Span>)
            [
                new Span(h.Host.Value, Tone.Strong), h.Description.Cell.Value, SessionOf(h), Measures.Age(now - h.SessionSince),
                $"{h.Ready}/{h.Instances}",
            ]),
        ]);

    public static Span SessionOf(HostStatus host) =>
        host.Session != HostSession.Connected ? new Span(Measures.Word(host.Session) + DrainOf(host), Tone.Bad)
        : new Span(Measures.Word(host.Session) + DrainOf(host), host.Drained is null ? Tone.Good : Tone.Warn);

    private static string DrainOf(HostStatus host) =>
        host.Drained is null ? "" : host.Instances == 0 ? ", drained" : ", draining";
}
