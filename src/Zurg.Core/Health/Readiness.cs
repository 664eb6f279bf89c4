using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Whether a placed instance is what it should be, and if not, what it waits for.</summary>
internal static class Readiness
{
    /// <summary>Null when the instance is as its placement wants it: ready on this spec, or stopped.</summary>
    public static Hold? WhyNot(ClusterState state, PlacedOn placed)
    {
        var (host, placement) = placed;
        var instance = placement.Instance;
        var facts = state.Facts.GetValueOrDefault(host);
        if (facts is null)
        {
            return placed.HoldOf(HoldReason.HostSilent, $"{instance}: nothing is known of {host}", "start its agent");
        }

        if (facts.Session == HostSession.Lost)
        {
            return placed.HoldOf(HoldReason.HostLost, $"{instance}: {Losing.WhyLost(state, host)}");
        }

        if (facts.Session != HostSession.Connected)
        {
            return placed.HoldOf(HoldReason.HostSilent, SilentText(facts, $"{instance} may still run there"), SilentMend);
        }

        if (facts.Find(instance) is not { } status)
        {
            return placed.HoldOf(HoldReason.WaitsForReady, $"{instance}: {host} has not taken it over yet");
        }

        if (placement.DrainingSince is not null)
        {
            return placed.HoldOf(HoldReason.WaitsForDrain, $"{instance} on {host} is being drained");
        }

        if (placement.Wanted == WantedPhase.Stopped)
        {
            return HasStopped(status) ? null : placed.HoldOf(HoldReason.WaitsForStop, $"{instance} is stopping on {host}");
        }

        // What holds it tells people more than that something new is to come.
        var isOther = IsOther(status, placement);
        return !isOther && IsToEnd(status, placement)
            ? placed.HoldOf(HoldReason.WaitsForReady, $"{instance} on {host} is being restarted")
            : status.Hold is { } hold ? hold with { Service = instance.Service, Instance = instance, Host = host }
            : isOther ? placed.HoldOf(HoldReason.WaitsForReady, $"{instance} on {host} is being restarted with what is new")
            : status.IsReady() ? null
            : placed.HoldOf(
                HoldReason.WaitsForReady, $"{instance} on {host} is {Words(status, HasProbe(state, placement))}");
    }

    /// <summary>An instance that its host still reports though it is placed there no more.</summary>
    public static Hold StillThere(HostFacts facts, InstanceStatus status)
    {
        if (facts.Session != HostSession.Connected)
        {
            return Wait(
                HoldReason.HostSilent, SilentText(facts, $"{status.Instance} is to leave it and may still run there"),
                SilentMend);
        }

        if (facts.ReturnedAt is not null)
        {
            return Wait(
                HoldReason.WaitsForDrain,
                $"{facts.Host} is back, and {status.Instance} was replaced while it was lost: it stops there once its consumers "
                    + "have let go",
                status.Hold?.Mend);
        }

        return Wait(
            status is { Phase: InstancePhase.Stopping, Hold.Reason: var reason } ? reason : HoldReason.WaitsForStop,
            status.Hold?.Text ?? $"{status.Instance} is stopping on {facts.Host}",
            status.Hold?.Mend);

        Hold Wait(HoldReason why, string text, string? mend) =>
            new(why, text, mend) { Service = status.Instance.Service, Instance = status.Instance, Host = facts.Host };
    }

    private const string SilentMend = "look whether the host and its agent run; what runs on it is left alone. "
        + "If it is gone for good: zurg lost HOST";

    private static bool IsToEnd(InstanceStatus status, Placement placement) =>
        status.Incarnation == placement.Ends && status.Phase is InstancePhase.Starting or InstancePhase.Running;

    private static bool IsOther(InstanceStatus status, Placement placement) =>
        status.Spec != placement.Spec || status.Restarts != placement.Restarts;

    private static string SilentText(HostFacts facts, string then) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{facts.Host} has been silent since {facts.SessionSince.UtcDateTime:HH:mm:ss} UTC: {then}");

    private static bool HasStopped(InstanceStatus status) =>
        status.Phase is InstancePhase.Waiting or InstancePhase.Stopped && status.Pid is null;

    private static bool HasProbe(ClusterState state, Placement placement) =>
        state.InstanceSpecs.GetValueOrDefault(placement.Spec)?.Probe is not null;

    private static string Words(InstanceStatus status, bool hasProbe) => status.Phase switch
    {
        InstancePhase.Waiting => "waiting to be started",
        InstancePhase.Preparing => $"being prepared: release {status.Release} is fetched and verified",
        InstancePhase.Starting => hasProbe
            ? "starting: its probe has not passed yet"
            : "starting: it has no probe and is ready once it has run for a second",
        InstancePhase.Running => "running, but its probe fails",
        InstancePhase.Stopping => "stopping",
        InstancePhase.Stopped => "stopped and about to be started again",
        InstancePhase.Unknown => "in a phase that only a newer build of Zurg knows",
    };
}
