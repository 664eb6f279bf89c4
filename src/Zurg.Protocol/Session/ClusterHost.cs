using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>One host of the cluster, connected or silent, as templates may name it.</summary>
/// <param name="Address">An IP address.</param>
public sealed record ClusterHost(HostId Host, CellName Cell, string Address)
{
    public ImmutableSortedDictionary<string, string> Labels { get; init => field = value ?? Wire.NoText; } = Wire.NoText;
}
