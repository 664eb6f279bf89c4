using System.Globalization;
using System.Text.RegularExpressions;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Demo;

/// <summary>What the demo knows of examples/sudoku/cluster.yaml.</summary>
internal static partial class DemoSpec
{
    public static readonly ServiceName Solver = new("sudoku-solver");
    public static readonly ServiceName Web = new("web");
    private static readonly PortName Http = new("http");

    /// <summary>The same text with another number where the web front's fixed port stands.</summary>
    public static string WithWebPort(string text, int port) =>
        FixedPort().Replace(text, string.Create(CultureInfo.InvariantCulture, $"{port}"), 1);

    public static async Task<Uri> WebAddressAsync(MasterClient client, CancellationToken stop)
    {
        var explained = await client.ExplainAsync(Web, stop);
        return explained.Endpoints.Endpoints is [var first, ..] && first.Ports.TryGetValue(Http, out var port)
            ? new UriBuilder("http", first.Address, port).Uri
            : throw new VerbFailedException("the web front has no endpoint", "zurg explain web says why");
    }

    /// <summary>
    /// A host whose draining nobody notices: the web front has a fixed port, and with every "host" at 127.0.0.1 no two of it can
    /// run at a time. The second host where possible; any at all when the web front is everywhere.
    /// </summary>
    public static HostId HostToDrain(ClusterStatus status)
    {
        var hosts = status.Hosts.Select(h => h.Host).ToArray();
        var (fronts, solvers) = (HostsOf(status, Web), HostsOf(status, Solver));
        return hosts.Skip(1).Concat(hosts.Take(1)).OrderBy(h => fronts.Contains(h)).ThenBy(h => !solvers.Contains(h)).First();
    }

    private static HostId[] HostsOf(ClusterStatus status, ServiceName service) =>
        [.. status.Services.Where(s => s.Service == service).SelectMany(s => s.Instances).Select(i => i.Host)];

    [GeneratedRegex(@"(?<=\bhttp:\s*)\d+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex FixedPort();
}
