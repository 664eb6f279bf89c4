using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Rollouts: all of them a line each, or one on its way with its stages and instances.</summary>
internal static class RolloutView
{
    public static ImmutableArray<Block> List(ImmutableArray<RolloutStatus> rollouts, DateTimeOffset now) => rollouts.IsEmpty
        ? [Block.Line.Of("nothing was rolled out yet: zurg rollout start SERVICE VERSION")]
        :
        [
            new Block.Table(
                ["SERVICE", "ROLLOUT", "STATE", "HAVE IT", "BEGAN", "WHAT"],
                [
                    .. rollouts.Select(r => (ImmutableArray<Span>)
                    [
                        new Span(r.Rollout.Service.Value, Tone.Strong), Text(r.Rollout.Number), StateOf(r),
                        $"{r.OnTarget}/{r.Instances + r.Spares}", $"{Measures.Age(now - r.Rollout.StartedAt)} ago", r.Rollout.Why,
                    ]),
                ]),
        ];

    /// <summary>Its phase in people's words.</summary>
    public static Span StateOf(RolloutStatus status) => status.Rollout.Phase switch
    {
        RolloutPhase.Running or RolloutPhase.RollingBack when status.Paused => new Span("paused", Tone.Warn),
        RolloutPhase.Running when status.WaitsForPromotion => new Span("waits for promotion", Tone.Warn),
        RolloutPhase.Running when status.BakesUntil is not null => new Span("baking", Tone.Warn),
        RolloutPhase.Running => new Span("running", Tone.Warn),
        RolloutPhase.Halted => new Span("halted", Tone.Bad),
        RolloutPhase.RollingBack => new Span("going back", Tone.Bad),
        RolloutPhase.Completed when status.Rollout.Refused is not null => new Span("taken back", Tone.Bad),
        RolloutPhase.Completed => new Span("complete", Tone.Good),
        RolloutPhase.Unknown => new Span("known to a newer build only", Tone.Bad),
    };

    /// <summary>Whether people must be told of it: one that is over and done is history.</summary>
    public static bool IsNews(RolloutStatus status) =>
        status.Rollout.Phase != RolloutPhase.Completed || status.Rollout.StillRefused is not null;

    /// <summary>A line for each rollout that is under way, halted or was taken back.</summary>
    public static IEnumerable<Block> News(IEnumerable<ServiceStatus> services, DateTimeOffset now) =>
        services.Select(s => s.Rollout).OfType<RolloutStatus>().Where(IsNews).Select(r => Line(r, now));

    /// <summary>One rollout in one line.</summary>
    public static Block Line(RolloutStatus status, DateTimeOffset now) => Block.Line.Of(
        new Span($"rollout {Text(status.Rollout.Number)} of {status.Rollout.Service}", Tone.Strong),
        $" ({status.Rollout.Why})  ", StateOf(status), $"  {Progress(status)}{Stage(status)}",
        Wait(status, now) is { } wait ? $", {wait}" : "");

    /// <summary>The same without what changes by itself: what a pipe gets when it has changed.</summary>
    public static string Change(RolloutStatus status) =>
        $"rollout {Text(status.Rollout.Number)} of {status.Rollout.Service}: {StateOf(status).Text}, "
            + $"{Progress(status)}{Stage(status)}";

    /// <summary>One service's newest rollout, with what each instance is at and what it waits for.</summary>
    public static ImmutableArray<Block> Of(ServiceStatus service, ImmutableArray<Hold> holds, DateTimeOffset now)
    {
        if (service.Rollout is not { } status)
        {
            return [Block.Line.Of(new Span(service.Service.Value, Tone.Strong), "  no rollout yet")];
        }

        var rollout = status.Rollout;
        var took = (rollout.EndedAt ?? now) - rollout.StartedAt;
        return
        [
            Block.Line.Of(new Span($"rollout {Text(rollout.Number)} of {rollout.Service}", Tone.Strong), $"  {rollout.Why}"),
            Block.Line.Of(
                "  ", StateOf(status),
                $" {(rollout.EndedAt is null ? "for" : "after")} {Measures.Age(took)}  {Progress(status)}"),
            .. Stages(status),
            .. Wait(status, now) is { } wait ? [Block.Line.Of($"  {wait}")] : (Block[])[],
            .. Sides(rollout, now) is { } sides ? [Block.Line.Of($"  {sides}")] : (Block[])[],
            .. rollout is { Reason: { } reason, Phase: not RolloutPhase.Running }
                ? [Block.Line.Of("  because ", new Span(reason, Tone.Bad))] : (Block[])[],
            Instances(service, status, now),
            .. HoldView.Of(holds),
        ];
    }

    /// <summary>Of a blue-green one on its way: which side answers. Of any other null.</summary>
    private static string? Sides(Rollout rollout, DateTimeOffset now) => rollout switch
    {
        { EndedAt: not null } => null,
        { Phase: RolloutPhase.RollingBack, ReturnedAt: { } at } =>
            $"the old side takes over again since {Measures.Age(now - at)}",
        { Phase: RolloutPhase.RollingBack, ReturnsAt: { } at } =>
            $"nobody takes new requests since {Measures.Age(now - at)}: the new side ends what it has accepted",
        { Phase: RolloutPhase.RollingBack } => null,
        { SwitchedAt: { } at, Allowed: > 0 } =>
            $"the new side serves since {Measures.Age(now - at)}; the old one is being replaced",
        { SwitchedAt: { } at } =>
            $"the new side serves since {Measures.Age(now - at)}; the old one runs on, for the way back",
        { ClosedAt: { } at } =>
            $"nobody takes new requests since {Measures.Age(now - at)}: the old side ends what it has accepted",
        _ => null,
    };

    private static string Progress(RolloutStatus status)
    {
        // Of one that is over, what is not ready any more is no part of it: a spare one that leaves, a crash of today.
        var unready = status.Rollout.Phase == RolloutPhase.Completed ? 0 : status.OnTarget - status.OnTargetReady;
        return $"{status.OnTarget} of {status.Instances + status.Spares} have {Target(status.Rollout)}"
            + (unready > 0 ? $", {unready} of them not ready yet" : "")
            + (status.Spares > 0 ? $" ({Measures.Count(status.Spares, "spare")} among all)" : "");
    }

    private static string Target(Rollout rollout) =>
        rollout.From.Release == rollout.To.Release && rollout.Refused is null ? "it" : rollout.To.Release.Version.Value;

    private static string Stage(RolloutStatus status) =>
        status.Rollout.Phase == RolloutPhase.Running && status.Stages is { Length: > 1 } stages
            ? $", stage {Text(IndexOf(status) + 1)} of {Text(stages.Length)}"
            : "";

    private static int IndexOf(RolloutStatus status) => status.Stages.Count(s => s < status.Rollout.Allowed);

    /// <summary>What ends the present stage; null when nothing is waited for.</summary>
    private static string? Wait(RolloutStatus status, DateTimeOffset now) =>
        status.Rollout.Phase != RolloutPhase.Running || status.Paused ? null
        : status.WaitsForPromotion ? $"goes on by: zurg rollout promote {status.Rollout.Service}"
        : status.BakesUntil is { } until ? $"watched for another {Measures.Age(Seconds(until - now))}"
        : null;

    // Rounded up: a countdown ends at 1s, not at 0s with a second to go.
    private static TimeSpan Seconds(TimeSpan left) => TimeSpan.FromSeconds(Math.Max(0, Math.Ceiling(left.TotalSeconds)));

    private static IEnumerable<Block> Stages(RolloutStatus status)
    {
        if (status.Stages.Length < 2 || status.Rollout.Phase is not (RolloutPhase.Running or RolloutPhase.Halted))
        {
            yield break;
        }

        var at = IndexOf(status);
        var baked = status.BakesUntil is not null || status.WaitsForPromotion;
        yield return new Block.Line(
        [
            "  stages  ",
            .. status.Stages.Select((stage, i) => i < at || (i == at && baked)
                ? new Span($"✓{Text(stage)}  ", Tone.Good)
                : i == at ? new Span($"▸{Text(stage)}  ", Tone.Strong) : new Span($"{Text(stage)}  ", Tone.Faint)),
            new Span("instances", Tone.Faint),
        ]);
    }

    private static Block.Table Instances(ServiceStatus service, RolloutStatus status, DateTimeOffset now) => new(
        ["INSTANCE", "HOST", "RELEASE", "", "PHASE", "FOR"],
        [
            .. service.Instances.Select(i => (ImmutableArray<Span>)
            [
                i.Instance.Value,
                i.Host.Value,
                i.Status?.Release.Version.Value ?? "-",
                MarkOf(i, status),
                StatusView.PhaseOf(i),
                StatusView.SinceOf(i) is { } since ? Measures.Age(now - since) : "-",
            ]),
        ]);

    private static Span MarkOf(PlacedInstance placed, RolloutStatus status)
    {
        var spare = status.Spares > 0 && placed.Instance.Index >= status.Instances ? ", spare" : "";
        var target = status.Rollout.To;
        return placed.Status is { } known && known.Spec == target.DigestOf(placed.Instance)
                && known.Restarts >= target.Restarts
            ? new Span("new" + spare, Tone.Good)
            : new Span("old" + spare, Tone.Faint);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
