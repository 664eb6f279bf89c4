using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One host on the <see cref="Board"/>: what is placed there and what of it is taken.</summary>
/// <param name="facts">Null for a host that has placements and of which nothing is known (any more).</param>
/// <param name="frozen">Its placements cannot be read or its facts are missing: nothing new goes there.</param>
/// <param name="drain">Who empties it; null when nobody does.</param>
internal sealed class BoardHost(HostId host, HostFacts? facts, bool frozen, HostIntent? drain)
{
    /// <summary>
    /// Of one host, all services together: its placements, and the facts that its agent reports of them, are one value of the
    /// store each and must fit into a commit.
    /// </summary>
    public const int InstancesMax = 500;

    private readonly SortedDictionary<int, InstanceId> _ports = [];
    private readonly SortedDictionary<InstanceId, Placement> _placements = [];
    private readonly SortedDictionary<ServiceName, int> _perService = [];
    private int _promised;
    private long _memory;

    public HostId Host => host;

    public HostFacts? Facts => facts;

    public CellName Cell => facts?.Description.Cell ?? default;

    public int Count => _placements.Count + _promised;

    public IEnumerable<Placement> Placements => _placements.Values;

    public int CountOf(ServiceName service) => _perService.GetValueOrDefault(service);

    public void Add(Placement placement, InstanceSpec? spec)
    {
        _placements[placement.Instance] = placement;
        Take(placement.Instance, spec);
    }

    public void Remove(Placement placement, InstanceSpec? spec)
    {
        _placements.Remove(placement.Instance);
        Free(placement.Instance, spec);
    }

    /// <summary>It takes room like what is placed here, and is not.</summary>
    public void Promise(InstanceId instance, InstanceSpec spec)
    {
        _promised++;
        Take(instance, spec);
    }

    public void Lift(InstanceId instance, InstanceSpec spec)
    {
        _promised--;
        Free(instance, spec);
    }

    /// <summary>Why a new instance cannot go here, in a few words; null when it can.</summary>
    public string? WhyNotNew(ServiceSpec service) =>
        WhyNot(service) ?? (drain is not null ? $"being emptied by {drain.By}" : BackText ?? LowText);

    /// <summary>Why an instance cannot be here, be it new or one that changes in its place; null when it can.</summary>
    public string? WhyNot(ServiceSpec service) =>
        facts is null ? "nothing is known of it"
        : frozen ? "its placements cannot be read by this build"
        : facts.Session == HostSession.Lost ? "lost"
        : facts.Session != HostSession.Connected ? "silent"
        : Count >= InstancesMax
            ? string.Create(
                CultureInfo.InvariantCulture, $"it has {InstancesMax} instances already, the most that a host may have")
        : LackedLabel(service) is { } label ? $"no label {label}"
        : FixedPorts(service.Instance).FirstOrDefault(_ports.ContainsKey) is var port and not 0
            ? string.Create(CultureInfo.InvariantCulture, $"port {port} is taken by {_ports[port]}")
        : MemoryShort(service.Instance) is { } memory ? memory
        : null;

    /// <summary>
    /// It was lost, and is told nothing before what it has to give up is used by nobody (<see cref="Losses"/>). What is placed
    /// there again meanwhile would be ended with it, or be taken for what kept its place.
    /// </summary>
    private string? BackText => facts?.ReturnedAt is null ? null : "it is back and has yet to give up what was replaced";

    /// <summary>What the host is short of, in words; null when nothing: its instances stay, no new one comes.</summary>
    public string? LowText => facts is { Lows: [var first, ..] } ? first.Text : null;

    /// <summary>
    /// The first constraint that the host does not meet, as key=value; null when it meets all. cell is the host's cell.
    /// </summary>
    public string? LackedLabel(ServiceSpec service)
    {
        foreach (var (key, values) in service.Constraints)
        {
            var label = key == "cell" ? facts?.Description.Cell.Value : facts?.Description.Labels.GetValueOrDefault(key);
            if (label is null || !values.Contains(label))
            {
                return $"{key}={string.Join('|', values)}";
            }
        }

        return null;
    }

    private void Take(InstanceId instance, InstanceSpec? spec)
    {
        _perService[instance.Service] = CountOf(instance.Service) + 1;
        _memory += spec?.Limits?.Memory ?? 0;
        foreach (var port in FixedPorts(spec))
        {
            _ports.TryAdd(port, instance);
        }
    }

    private void Free(InstanceId instance, InstanceSpec? spec)
    {
        _perService[instance.Service] = CountOf(instance.Service) - 1;
        _memory -= spec?.Limits?.Memory ?? 0;
        foreach (var port in FixedPorts(spec).Where(p => _ports.TryGetValue(p, out var owner) && owner == instance))
        {
            _ports.Remove(port);
        }
    }

    private string? MemoryShort(InstanceSpec spec)
    {
        if (spec.Limits?.Memory is not { } wanted || facts is null)
        {
            return null;
        }

        var free = facts.Description.Memory - _memory;
        return wanted <= free ? null : $"{Mebibytes(Math.Max(0, free))} of memory not yet promised, {Mebibytes(wanted)} needed";
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024 * 1024)} MiB");

    private static IEnumerable<int> FixedPorts(InstanceSpec? spec) =>
        spec?.Ports.Values.Where(p => p.Fixed is not null).Select(p => p.Fixed!.Value) ?? [];
}
