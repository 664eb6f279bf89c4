using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The placements while one plan is being made: each step is put on the board at once, so that the next one counts with its ports
/// and memory. Lives inside one call of the decider and never leaves it.
/// </summary>
internal sealed class Board
{
    private readonly ClusterState _state;
    private readonly SortedDictionary<HostId, BoardHost> _hosts = [];
    private readonly SortedDictionary<ServiceName, SortedDictionary<InstanceId, PlacedOn>> _services = [];
    private readonly SortedSet<HostId> _changed = [];
    private readonly SortedDictionary<InstanceId, (BoardHost Host, InstanceSpec Spec)> _promised = [];

    public Board(ClusterState state)
    {
        _state = state;
        foreach (var (host, facts) in state.Facts)
        {
            _hosts[host] = new BoardHost(
                host, facts, state.Unreadable.ContainsKey(StoreKeys.Placements(host)), state.DrainOf(host));
        }

        foreach (var (host, placements) in state.Placements)
        {
            foreach (var placement in placements.Instances)
            {
                Add(host, placement);
            }
        }

        _changed.Clear();
    }

    public IEnumerable<BoardHost> Hosts => _hosts.Values;

    public IEnumerable<ServiceName> Services => _services.Keys;

    public IReadOnlyCollection<PlacedOn> Of(ServiceName service) =>
        _services.TryGetValue(service, out var placed) ? placed.Values : [];

    public BoardHost? Find(HostId host) => _hosts.GetValueOrDefault(host);

    public void Add(HostId host, Placement placement)
    {
        var place = _hosts.TryGetValue(host, out var known)
            ? known
            : _hosts[host] = new BoardHost(host, facts: null, frozen: true, drain: null);
        place.Add(placement, _state.InstanceSpecs.GetValueOrDefault(placement.Spec));
        if (!_services.TryGetValue(placement.Instance.Service, out var placed))
        {
            _services[placement.Instance.Service] = placed = [];
        }

        placed[placement.Instance] = new PlacedOn(host, placement);
        _changed.Add(host);
    }

    public void Remove(PlacedOn placed)
    {
        var (host, placement) = placed;
        _hosts[host].Remove(placement, _state.InstanceSpecs.GetValueOrDefault(placement.Spec));
        _services[placement.Instance.Service].Remove(placement.Instance);
        _changed.Add(host);
    }

    public void Replace(PlacedOn placed, Placement by)
    {
        Remove(placed);
        Add(placed.Host, by);
    }

    /// <summary>
    /// Keeps room on a host for what a later plan is to place there: whatever this one does counts with it. It is no placement,
    /// and nothing of it is written.
    /// </summary>
    public void Promise(HostId host, InstanceId instance, InstanceSpec spec)
    {
        Lift(instance);
        _promised[instance] = (_hosts[host], spec);
        _hosts[host].Promise(instance, spec);
    }

    public bool IsPromised(InstanceId instance) => _promised.ContainsKey(instance);

    /// <summary>The instance is about to take the room itself, or needs it no more.</summary>
    public void Lift(InstanceId instance)
    {
        if (_promised.Remove(instance, out var promise))
        {
            promise.Host.Lift(instance, promise.Spec);
        }
    }

    /// <summary>
    /// What is to be written: the whole truth of each host that a step changed. What was lifted off the board and put back is no
    /// change: to write it would bring a new view, and a new plan, for ever.
    /// </summary>
    public IEnumerable<HostPlacements> Changed() => _changed
        .Select(host => new HostPlacements
        {
            Host = host,
            Instances = [.. _hosts[host].Placements.OrderBy(p => p.Instance)],
        })
        .Where(now => !now.Instances.SequenceEqual(_state.Placements.GetValueOrDefault(now.Host)?.Instances ?? []));
}

/// <param name="Host">Where the instance is.</param>
internal sealed record PlacedOn(HostId Host, Placement Placement)
{
    public Hold HoldOf(HoldReason reason, string text, string? mend = null) =>
        new(reason, text, mend) { Service = Placement.Instance.Service, Instance = Placement.Instance, Host = Host };
}
