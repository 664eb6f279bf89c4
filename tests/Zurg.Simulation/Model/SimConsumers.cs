using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// The processes on a host that use services, and their agent's account of them: they outlive the agent, take their time to use
/// what they were told, and say what they use whenever it changes. What they use never goes back.
/// </summary>
/// <param name="knows">Whether the store says that this host follows a service.</param>
internal sealed class SimConsumers(Sim sim, HostId host, Func<HostId, ServiceName, bool> knows)
{
    private readonly SortedDictionary<ServiceName, EndpointSet?> _uses = [];
    private readonly SortedDictionary<ServiceName, Revision> _told = [];

    /// <summary>Called when the agent has something to say of them.</summary>
    public Action? Changed { get; set; }

    public NamingSubscription Subscription => new() { Services = [.. _uses.Keys] };

    public NamingConfirmation Word => new()
    {
        Services =
        [
            .. _uses.Where(u => u.Value is not null).Select(u => new ConfirmedRevision(u.Key, u.Value!.Revision)),
        ],
    };

    /// <summary>Null when nobody here uses any set of it.</summary>
    public EndpointSet? UsedOf(ServiceName service) => _uses.GetValueOrDefault(service);

    /// <summary>A first consumer of the service begins, or its last one ends.</summary>
    public void Toggle(ServiceName service)
    {
        if (!_uses.TryAdd(service, null))
        {
            _uses.Remove(service);
            _told.Remove(service);
        }

        Changed?.Invoke();
    }

    /// <summary>All of them end with their host. What they followed, they follow again when it is back.</summary>
    public void LosePower()
    {
        _told.Clear();
        foreach (var service in _uses.Keys.ToArray())
        {
            _uses[service] = null;
        }
    }

    /// <summary>The agent was told a set. The first one is used at once, a later one when its consumers have taken it.</summary>
    public void Take(EndpointSet set)
    {
        if (!_uses.TryGetValue(set.Service, out var used) || set.Revision < _told.GetValueOrDefault(set.Service))
        {
            return;
        }

        _told[set.Service] = set.Revision;
        if (used is null)
        {
            Use(set);
            return;
        }

        sim.Spawn("consumer", async () =>
        {
            await sim.Delay(sim.Milliseconds(0, sim.Chance(0.1) ? 4000 : 200), CancellationToken.None);
            if (_uses.GetValueOrDefault(set.Service) is { } before && before.Revision < set.Revision)
            {
                Use(set);
            }
        });
    }

    private void Use(EndpointSet set)
    {
        sim.Demand(knows(host, set.Service), $"{host} uses {set.Service} and nobody knows that it has to be waited for");
        _uses[set.Service] = set;
        sim.Count("consumers: took a set");
        Changed?.Invoke();
    }
}
