using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Where agents listen for programs that cannot be changed: for every two services that may share a host.</summary>
internal static class UsesCheck
{
    private const string Loopback = "127.0.0.1";

    public static void Check(SpecNames names, ProblemList problems)
    {
        var fixedPorts = FixedPorts(names);
        var taken = new Dictionary<(string Address, int Number), (string Service, string Target)>();
        foreach (var (service, draft) in names.Services)
        {
            foreach (var (target, listen) in draft.Uses ?? ImmutableSortedDictionary<string, string>.Empty)
            {
                var at = $"services.{service}.uses.{target}";
                CheckTarget(at, target, names, problems);
                if (Read(listen) is not { } place)
                {
                    problems.Add(at, $"{Words.Quote(listen)} is no address to listen at", MendOf(listen));
                }
                else if (fixedPorts.TryGetValue(place.Number, out var owner))
                {
                    problems.Add(at, $"port {place.Number} is that of services.{owner} already, and both may be on one host",
                        "choose another number");
                }
                else if (!taken.TryAdd(place, (service, target)) && taken[place] is var other && other.Target != target)
                {
                    problems.Add(at,
                        $"{listen} leads to {Words.Quote(other.Target)} already (services.{other.Service}.uses), and both may be "
                            + "on one host",
                        "choose another number");
                }
            }
        }
    }

    /// <param name="draft">In which no problem was found.</param>
    public static ImmutableArray<UseSpec> Fill(ImmutableSortedDictionary<string, string>? draft) =>
    [
        .. from use in draft ?? ImmutableSortedDictionary<string, string>.Empty
           orderby use.Key
           let place = Read(use.Value) ?? throw new ArgumentException($"'{use.Value}' was not validated", nameof(draft))
           let target = Split(use.Key)
           select new UseSpec(
               new ServiceName(target.Service), place.Address, place.Number,
               target.Port is { } port ? new PortName(port) : null),
    ];

    private static void CheckTarget(string at, string text, SpecNames names, ProblemList problems)
    {
        var (service, port) = Split(text);
        if (!names.Services.TryGetValue(service, out var used))
        {
            problems.Add(at, $"there is no service {Words.Quote(service)}", () => names.MendOfService(service));
            return;
        }

        var ports = (used.Ports?.Keys ?? []).Order(StringComparer.Ordinal).ToImmutableArray();
        if (ports.IsEmpty)
        {
            problems.Add(at, $"service {Words.Quote(service)} has no port that connections could go to",
                $"add ports: {{ http: dynamic }} to services.{service}");
        }
        else if (port is not null && !ports.Contains(port))
        {
            problems.Add(at, $"service {Words.Quote(service)} has no port {Words.Quote(port)}",
                () => Words.DidYouMean(port, ports) ?? Words.OneOf("its ports are ", ports, ""));
        }
        else if (port is null && ports.Length > 1 && !ports.Contains("http"))
        {
            problems.Add(at, $"service {Words.Quote(service)} has {ports.Length} ports, and none is named http",
                Words.OneOf("write which one: ", [.. ports.Select(p => $"{service}/{p}")], ""));
        }
    }

    private static (string Service, string? Port) Split(string target) => target.Split('/', 2) switch
    {
        [var service, var port] => (service, port),
        _ => (target, null),
    };

    /// <summary>Null when it is not an IPv4 loopback address with a port. Leading zeros mean octal to some.</summary>
    private static (string Address, int Number)? Read(string text)
    {
        var parts = text.Split(':');
        var bytes = parts[0].Split('.');
        return parts.Length == 2 && bytes.Length == 4 && bytes[0] == "127" && bytes.All(b => Number(b, 255) is not null)
            && Number(parts[1], 65535) is { } port and > 0
                ? (parts[0], port)
                : null;
    }

    private static int? Number(string text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most
        && number.ToString(CultureInfo.InvariantCulture) == text
            ? number
            : null;

    /// <summary>What was meant, when the end of it is a port.</summary>
    private static string MendOf(string listen) => Number(listen.Split(':')[^1], 65535) is { } port and > 0
        ? $"write {Loopback}:{port}: it is for programs of the same host alone"
        : $"write an address of the host itself and a port, such as {Loopback}:9981";

    private static Dictionary<int, string> FixedPorts(SpecNames names)
    {
        var owners = new Dictionary<int, string>();
        foreach (var (service, draft) in names.Services)
        {
            foreach (var (name, text) in draft.Ports ?? ImmutableSortedDictionary<string, string>.Empty)
            {
                if (Number(text, 65535) is { } port)
                {
                    owners.TryAdd(port, $"{service}.ports.{name}");
                }
            }
        }

        return owners;
    }
}
