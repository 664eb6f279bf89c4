using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>
/// Other hosts that have what one fetch needs; they are believed as little as the master, and one that failed is not asked again.
/// </summary>
/// <param name="ask">The master, once and only when a file has to be fetched.</param>
internal sealed class Neighbours(Func<Task<ImmutableArray<Neighbour>>> ask)
{
    private readonly Lazy<Task<ImmutableArray<Neighbour>>> _all = new(ask);
    private ImmutableSortedSet<HostId> _left = ImmutableSortedSet<HostId>.Empty;
    private int _turn;

    public static Neighbours None { get; } = new(() => Task.FromResult(ImmutableArray<Neighbour>.Empty));

    /// <summary>They take turns. Null when none is left: then the master is asked.</summary>
    public async Task<Neighbour?> NextAsync()
    {
        var left = (await _all.Value).Where(n => !_left.Contains(n.Host)).ToImmutableArray();
        return left.IsEmpty ? null : left[(int)((uint)Interlocked.Increment(ref _turn) % left.Length)];
    }

    public void Leave(Neighbour neighbour) => ImmutableInterlocked.Update(ref _left, left => left.Add(neighbour.Host));
}
