using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Trouble that is there now.</summary>
/// <param name="Since">When it began, where that is known; else it began when it was first seen.</param>
/// <param name="After">It is told once it has lasted so long.</param>
internal sealed record AlertCondition(AlertKind Kind, string Key, string Text, DateTimeOffset? Since, TimeSpan After)
{
    public string? Mend { get; init; }

    public ServiceName? Service { get; init; }

    public InstanceId? Instance { get; init; }

    public HostId? Host { get; init; }
}

/// <summary>What is wrong with a cluster, by what is known of it now.</summary>
internal static class AlertConditions
{
    /// <param name="holds">All of the plan's.</param>
    public static IEnumerable<AlertCondition> Of(ClusterState state, ImmutableArray<Hold> holds, AlertsSpec spec) =>
        state.Facts.Values.SelectMany(facts => OfHost(facts, spec))
            .Concat(holds.Where(IsTold).Select(hold => OfHold(hold, spec)))
            .DistinctBy(c => c.Key, StringComparer.Ordinal);

    /// <summary>Holds that another alert tells better, and those of an update that goes on step by step.</summary>
    private static bool IsTold(Hold hold) => hold.Reason is not (HoldReason.HostSilent or HoldReason.BackingOff
        or HoldReason.TooManyRestarts or HoldReason.WaitsForTurn);

    private static AlertCondition OfHold(Hold hold, AlertsSpec spec)
    {
        var subject = hold.Instance?.Value ?? hold.Service?.Value ?? hold.Host?.Value ?? "cluster";
        var where = hold.Instance is not null && hold.Host is { } host ? "/" + host : "";
        return new AlertCondition(
            AlertKind.HoldTooLong, $"hold/{WireEnum.NameOf(hold.Reason)}/{subject}{where}", hold.Text, Since: null,
            spec.HoldAfter)
        {
            Mend = hold.Mend,
            Service = hold.Service ?? hold.Instance?.Service,
            Instance = hold.Instance,
            Host = hold.Host,
        };
    }

    private static IEnumerable<AlertCondition> OfHost(HostFacts facts, AlertsSpec spec)
    {
        var host = facts.Host;
        if (facts.Session == HostSession.Silent)
        {
            yield return new AlertCondition(
                AlertKind.HostSilent, $"host_silent/{host}", $"{host} is silent: its agent does not report", facts.SessionSince,
                spec.SilentAfter)
            { Host = host, Mend = "look whether the host and its agent run; what runs on it is left alone" };
        }

        foreach (var low in facts.Lows)
        {
            var what = WireEnum.NameOf(low.Resource) + (low.Mount is null ? "" : ":" + low.Mount);
            yield return new AlertCondition(
                AlertKind.HostLow, $"host_low/{host}/{what}", $"{host}: {low.Text}", low.Since, TimeSpan.Zero)
            { Host = host, Mend = Spread.MendOfLow };
        }

        foreach (var status in facts.Instances.Where(i => i.Hold?.Reason == HoldReason.TooManyRestarts))
        {
            yield return CrashLoop(status.Instance, host, status.Hold!.Text, status.Since);
        }
    }

    public static AlertCondition CrashLoop(InstanceId instance, HostId? host, string text, DateTimeOffset since) =>
        new(AlertKind.CrashLoop, $"crash_loop/{instance}", $"{instance} crashes again and again: {text}", since, TimeSpan.Zero)
        {
            Service = instance.Service,
            Instance = instance,
            Host = host,
            Mend = $"zurg logs {instance}, zurg history {instance}",
        };
}
