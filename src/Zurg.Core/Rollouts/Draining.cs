using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Whether an instance may be stopped on purpose by now: its endpoint was withdrawn, and every consumer confirmed a set without
/// it, or the drain's limit has passed (DESIGN.md promise 2). The time that this takes is what the slowest consumer needs.
/// </summary>
internal static class Draining
{
    public static DrainVerdict Judge(ClusterState state, NamingState naming, PlacedOn placed, TimeSpan limit, DateTimeOffset now)
    {
        var (host, placement) = placed;
        if (placement.Wanted != WantedPhase.Running || limit <= TimeSpan.Zero || state.IsLost(host))
        {
            return DrainVerdict.Free;
        }

        if (placement.DrainingSince is not { } since || since > now)   // a clock went back: the limit counts anew
        {
            return new DrainVerdict.Begin();
        }

        // Withdrawn by now: what had not been ready before that was never listed, and nobody can use it.
        var status = state.Facts.GetValueOrDefault(host)?.Find(placement.Instance);
        var service = placement.Instance.Service;
        if (NeverListed(status))
        {
            return DrainVerdict.Free;
        }

        if (state.Confirmed.GetValueOrDefault(service)?.Lowest >= naming.SetOf(service).Revision)
        {
            return new DrainVerdict.Over(Excused(state, service));
        }

        return now - since >= limit
            ? new DrainVerdict.Over($"{Late(state, service)} within {Seconds(limit)}")
            : new DrainVerdict.Wait(WaitFor(state, placed, since + limit), since + limit);
    }

    private static Hold WaitFor(ClusterState state, PlacedOn placed, DateTimeOffset until)
    {
        var instance = placed.Placement.Instance;
        return placed.HoldOf(
            HoldReason.WaitsForDrain,
            string.Create(CultureInfo.InvariantCulture,
                $"{instance} on {placed.Host} is withdrawn and stops once its consumers have let go: "
                    + $"{Late(state, instance.Service)} yet; until {until.UtcDateTime:HH:mm:ss} UTC at most"),
            $"zurg explain {instance.Service}");
    }

    private static string Late(ClusterState state, ServiceName service) =>
        state.Confirmed.GetValueOrDefault(service)?.Late is { IsEmpty: false } late
            ? string.Join(", ", late.Select(l => l.Subscriber is { } who ? $"{who} on {l.Host}" : $"{l.Host}"))
                + (late.Length == 1 ? " has" : " have") + " not confirmed"
            : "not everybody has confirmed";

    /// <summary>Whose consumers were not waited for because their host is lost; null when there is none.</summary>
    private static string? Excused(ClusterState state, ServiceName service)
    {
        var lost = state.Facts.Values.Where(f => f.Session == HostSession.Lost && f.Follows.Contains(service))
            .Select(f => $"{f.Host} ({state.LossOf(f.Host)})").ToImmutableArray();
        return lost.IsEmpty ? null : $"the consumers on {string.Join(", ", lost)} are counted as gone";
    }

    private static bool NeverListed(InstanceStatus? status) => status?.Phase
        is InstancePhase.Waiting or InstancePhase.Preparing or InstancePhase.Starting
        or InstancePhase.Stopping or InstancePhase.Stopped;

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}

/// <summary>What a planned stop may do now.</summary>
internal abstract record DrainVerdict
{
    private DrainVerdict()
    {
    }

    /// <summary>Nobody can be using it.</summary>
    public static DrainVerdict Free { get; } = new Over(Late: null);

    /// <summary>Withdraw it first.</summary>
    public sealed record Begin : DrainVerdict;

    /// <param name="Until">Then it goes on in any case.</param>
    public sealed record Wait(Hold Hold, DateTimeOffset Until) : DrainVerdict;

    /// <param name="Late">
    /// Who had not confirmed when the limit passed, or was not waited for; null: everybody had.
    /// </param>
    public sealed record Over(string? Late) : DrainVerdict;
}
