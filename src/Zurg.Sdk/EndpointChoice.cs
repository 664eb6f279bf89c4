using System.Collections.Immutable;
using System.Globalization;

namespace Zurg.Sdk;

/// <summary>How requests to one endpoint fare; outlives the sets that the endpoint is in.</summary>
internal sealed class Load
{
    private int _outstanding;
    private long _avoidUntil = long.MinValue;

    /// <summary>A connection to it broke not long ago: it may be dead, and the set without it on its way.</summary>
    public bool IsAvoided(long now) => Volatile.Read(ref _avoidUntil) > now;

    public void Avoid(long until) => Volatile.Write(ref _avoidUntil, until);

    public int Outstanding => Volatile.Read(ref _outstanding);

    public void Begin() => Interlocked.Increment(ref _outstanding);

    public void End() => Interlocked.Decrement(ref _outstanding);
}

/// <summary>One endpoint that a handler may send requests to.</summary>
internal sealed class Target(ServiceEndpoint endpoint, int port, Load load)
{
    public ServiceEndpoint Endpoint { get; } = endpoint;

    public int Port { get; } = port;

    public string Address => string.Create(CultureInfo.InvariantCulture, $"{Endpoint.Address}:{Port}");

    /// <summary>Counts requests whose answer has not begun.</summary>
    public Load Load { get; } = load;

    /// <summary>It said with its last answer that it is being stopped or refuses; a newer set knows better.</summary>
    public bool Leaves { get; set; }

    /// <summary>The lowest rank is asked first: whoever leaves answers now and may not in a moment.</summary>
    public int Rank(long now) => Leaves ? 3 : Endpoint.Suspect ? 2 : Load.IsAvoided(now) ? 1 : 0;

    /// <summary>An incarnation on its port: a restarted instance is another target.</summary>
    public bool IsSameAs(ServiceEndpoint other, int port) =>
        (Endpoint.Instance, Endpoint.Incarnation, Endpoint.Address, Port)
            == (other.Instance, other.Incarnation, other.Address, port);
}

/// <summary>
/// Which endpoint a request goes to: the less loaded of two picked by chance (Mitzenmacher 2001), suspects late and those that
/// leave last. One that has just died answers nothing and so looks idle: it is not to attract the requests.
/// </summary>
internal static class EndpointChoice
{
    private const string DefaultPort = "http";

    /// <param name="now">On the clock of <see cref="Load.Avoid"/>.</param>
    /// <param name="random">A number from 0 up to but not including its argument.</param>
    /// <returns>Null when every target has been tried.</returns>
    public static Target? Pick(
        ImmutableArray<Target> targets, IReadOnlyCollection<Target> tried, long now, Func<int, int> random) =>
        LessLoaded([.. targets.Where(t => !tried.Any(o => t.IsSameAs(o.Endpoint, o.Port)))
            .GroupBy(t => t.Rank(now)).MinBy(g => g.Key) ?? Enumerable.Empty<Target>()], random);

    /// <summary>A set as targets; those that stay keep their counts. An endpoint without the port is none.</summary>
    public static ImmutableArray<Target> Targets(ServiceEndpoints set, string? port, ImmutableArray<Target> before)
    {
        var targets = ImmutableArray.CreateBuilder<Target>(set.Endpoints.Length);
        foreach (var endpoint in set.Endpoints)
        {
            if (PortOf(endpoint, port) is { } number)
            {
                var known = before.FirstOrDefault(t => t.IsSameAs(endpoint, number));
                targets.Add(new Target(endpoint, number, known?.Load ?? new Load()));
            }
        }

        return targets.ToImmutable();
    }

    /// <summary>The port asked for; else the one named http; else the only one.</summary>
    public static int? PortOf(ServiceEndpoint endpoint, string? port) =>
        endpoint.Ports.TryGetValue(port ?? DefaultPort, out var number) ? number
        : port is null && endpoint.Ports.Count == 1 ? endpoint.Ports.First().Value
        : null;

    private static Target? LessLoaded(Target[] targets, Func<int, int> random)
    {
        if (targets.Length < 2)
        {
            return targets.FirstOrDefault();
        }

        var first = random(targets.Length);
        var second = random(targets.Length - 1);
        second = second >= first ? second + 1 : second;
        return targets[second].Load.Outstanding < targets[first].Load.Outstanding ? targets[second] : targets[first];
    }
}
