using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>One service: what is wanted, what is there, what is held and why, who is told.</summary>
internal static class ExplainView
{
    public static ImmutableArray<Block> Of(ServiceExplanation explained, DateTimeOffset now)
    {
        var status = explained.Status;
        return
        [
            Block.Line.Of(
                new Span(status.Service.Value, Tone.Strong),
                $"  {status.Release?.Value ?? "not in the newest spec"}  ",
                new Span($"{status.Ready} of {status.Wanted} ready", status.Ready >= status.Wanted ? Tone.Good : Tone.Warn),
                status.Stopped ? new Span("  stopped by a person", Tone.Warn) : ""),
            .. status.Retired is { } retired ? [Retired(status, retired, now)] : ImmutableArray<Block>.Empty,
            .. explained.Spec is { } spec ? Spec(spec) : [],
            .. status.Rollout is { } rollout ? [RolloutView.Line(rollout, now)] : (Block[])[],
            StatusView.Instances(status.Instances, now),
            .. status.Instances.Where(i => i.Status?.LastExit is not null)
                .SelectMany(i => Exit(i.Instance, i.Status!.LastExit!, now)),
            .. HoldView.Of(explained.Holds),
            .. explained.Steps.Select((step, i) => Block.Line.Of($"{(i == 0 ? "next:" : "     ")} {step}")),
            .. EndpointView.Of(explained.Endpoints),
            .. FollowerView.Of(explained, now),
        ];
    }

    private static Block.Line Retired(ServiceStatus status, RetiredIntent retired, DateTimeOffset now) => Block.Line.Of(
        new Span($"  retired by {retired.By} {Measures.Age(now - retired.At)} ago", Tone.Warn),
        status.Release is null
            ? ""
            : $": no instance is wanted though cluster.yaml names it; take it out, or: zurg retire --undo {status.Service}");

    private static IEnumerable<Block> Spec(ServiceSpec spec)
    {
        yield return Block.Line.Of($"  runs     {string.Join(' ', [spec.Instance.Run, .. spec.Instance.Args])}");
        yield return Block.Line.Of($"  scale    {ScaleOf(spec.Scale)}");
        if (!spec.Constraints.IsEmpty)
        {
            yield return Block.Line.Of(
                $"  only on  {string.Join(", ", spec.Constraints.Select(c => $"{c.Key} {string.Join(" or ", c.Value)}"))}");
        }

        if (!spec.DependsOn.IsEmpty)
        {
            yield return Block.Line.Of($"  needs    {string.Join(", ", spec.DependsOn)}");
        }

        if (!spec.Uses.IsEmpty)
        {
            yield return Block.Line.Of($"  uses     {string.Join(", ", spec.Uses.Select(u => $"{u.Target} at {u.Listen}"))}");
        }

        yield return Block.Line.Of($"  probe    {ProbeOf(spec.Instance.Probe)}");
    }

    private static string ScaleOf(ScaleSpec scale) =>
        scale.Instances is { } count ? Measures.Count(count, "instance")
        : scale.PerHost is { } each ? $"{each} on every host"
        : $"one on each of {string.Join(", ", scale.Hosts)}";

    private static string ProbeOf(ProbeSpec? probe) => probe is null
        ? "none: ready as soon as it runs"
        : probe.Kind switch
        {
            ProbeKind.Http => $"GET {probe.Path} on port {probe.Port}, every {Measures.Age(probe.Every)}",
            ProbeKind.Tcp => $"a connection to port {probe.Port}, every {Measures.Age(probe.Every)}",
            ProbeKind.Exec => $"{string.Join(' ', probe.Command)}, every {Measures.Age(probe.Every)}",
            ProbeKind.Notify => "READY=1 by sd_notify",
            ProbeKind.Unknown => "of a newer build",
        };

    private static IEnumerable<Block> Exit(InstanceId instance, InstanceExit exit, DateTimeOffset now)
    {
        var after = (exit.Unwatched ? "at most " : "") + Measures.Age(exit.Ran);
        yield return Block.Line.Of(
            $"  {instance}: incarnation {exit.Incarnation} ended {Measures.Age(now - exit.At)} ago after {after}: ",
            new Span(exit.Reason, exit.Asked ? Tone.Plain : Tone.Bad));
        var cpu = exit.CpuTime is not { } all ? "CPU time unknown"
            : exit.UserTime is { } user ? $"CPU {Measures.Age(user)} user, {Measures.Age(all - user)} system"
            : $"CPU {Measures.Age(all)}";
        var peak = exit.PeakMemory is { } bytes ? $"peak memory {Measures.Size(bytes)}" : "peak memory unknown";
        var why = exit.StartReason is { } reason ? $"; it had been started because {reason}" : "";
        yield return Block.Line.Of($"    {cpu}; {peak}{(exit.CoreDumped ? "; core dumped" : "")}{why}");
    }
}
