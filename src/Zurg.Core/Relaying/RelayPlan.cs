using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What an agent is to listen on for the programs of its host.</summary>
/// <param name="Use">Whose address it is, and where connections to it go.</param>
/// <param name="For">Ordered.</param>
public sealed record RelayWanted(UseSpec Use, ImmutableArray<InstanceId> For);

/// <param name="Listeners">By <see cref="UseSpec.Listen"/>.</param>
/// <param name="Holds">Instances that cannot have theirs.</param>
public sealed record RelayPlan(
    ImmutableSortedDictionary<string, RelayWanted> Listeners, ImmutableSortedDictionary<InstanceId, Hold> Holds)
{
    /// <summary>
    /// Every instance that is meant to run or still does, between its incarnations too: a listener is there before a process
    /// starts, and as long as it may use it. Instances of one mind share one.
    /// </summary>
    public static RelayPlan Of(IEnumerable<InstanceState> instances)
    {
        var listeners = new SortedDictionary<string, RelayWanted>(StringComparer.Ordinal);
        var holds = ImmutableSortedDictionary.CreateBuilder<InstanceId, Hold>();
        foreach (var instance in instances.OrderBy(i => i.Instance))
        {
            foreach (var use in IsThere(instance) ? instance.Assigned.Uses : [])
            {
                var known = listeners.GetValueOrDefault(use.Listen);
                if (known is null)
                {
                    listeners[use.Listen] = new RelayWanted(use, [instance.Instance]);
                }
                else if (known.Use.Target == use.Target)
                {
                    listeners[use.Listen] = known with { For = known.For.Add(instance.Instance) };
                }
                else
                {
                    // Between two revisions of a spec: within one it is refused.
                    holds[instance.Instance] = new Hold(HoldReason.PortUnavailable,
                        $"{use.Listen} leads to {known.Use.Target} for {known.For[0]}, and is to lead to {use.Target}",
                        $"it is tried again when {known.For[0]} has gone; or choose another number in uses");
                }
            }
        }

        return new RelayPlan(
            listeners.ToImmutableSortedDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal), holds.ToImmutable());
    }

    private static bool IsThere(InstanceState instance) =>
        instance.Phase is InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping
        || (instance.Assigned.Wanted == WantedPhase.Running && !instance.Leaving && instance.Phase != InstancePhase.Stopped);
}
