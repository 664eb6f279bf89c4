using System.Collections.Immutable;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Zurg.Agent.Local;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent;

/// <summary>What one agent needs to know before it starts.</summary>
public sealed record AgentOptions
{
    /// <summary>Its own: journal, releases, instances, logs. Made when it is not there; one agent at a time.</summary>
    public required string Directory { get; init; }

    public required HostId Host { get; init; }

    public required CellName Cell { get; init; }

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>An IP address at which others reach this host's instances.</summary>
    public string Address { get; init; } = IPAddress.Loopback.ToString();

    /// <summary>http or https.</summary>
    public required Uri Master { get; init; }

    /// <summary>Read anew for each connection; it may appear later than the agent.</summary>
    public required string TokenFile { get; init; }

    /// <summary>First and last of the ports for instances that ask for any; below the kernel's ephemeral range.</summary>
    public (int From, int To) Ports { get; init; } = (20_000, 29_999);

    /// <summary>Of the local socket: at most 107 bytes, the same after a restart.</summary>
    public required string SocketPath { get; init; }

    /// <summary>Serves /metrics on this port of 127.0.0.1 too (0: the kernel's choice); null: on the socket alone.</summary>
    public int? MetricsPort { get; init; }

    /// <summary>
    /// Gives files of its releases to other hosts here, and asks those that do before the master (port 0: the kernel's choice);
    /// null: neither. Of the loopback only, as a master's: this build has no TLS.
    /// </summary>
    public IPEndPoint? Share { get; init; }
    /// <summary>Whether commands of people elsewhere (zurg exec) are run on this host.</summary>
    public bool Exec { get; init; } = true;

    /// <summary>Bytes of disk for core dumps; 0 leaves them where the kernel puts them.</summary>
    public long CoresMax { get; init; } = 1L << 30;

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Logs { get; init; }

    /// <summary>Bytes of a size as people write it: 512MiB; null when it is none.</summary>
    public static long? SizeOf(string text) => Measures.Size(text);

    /// <summary>What is wrong with them, in words; empty when an agent can start with them.</summary>
    public ImmutableArray<string> Validate() => [.. Problems()];

    private IEnumerable<string> Problems()
    {
        const int portMax = 65_535;
        if (!IPAddress.TryParse(Address, out _))
        {
            yield return $"'{Address}' is no IP address";
        }

        if (!Master.IsAbsoluteUri || (Master.Scheme != Uri.UriSchemeHttp && Master.Scheme != Uri.UriSchemeHttps))
        {
            yield return $"'{Master}' is no http or https address of a master";
        }

        if (Ports.From < 1 || Ports.To > portMax || Ports.From > Ports.To)
        {
            yield return $"{Ports.From}-{Ports.To} is no range of ports: 1 to {portMax}, the lower one first";
        }

        if (Share is not null && !IPAddress.IsLoopback(Share.Address))
        {
            yield return $"an agent does not share on {Share.Address}: this build has no TLS, so only 127.0.0.1 and ::1 are safe";
        }

        if (MetricsPort is < 0 or > portMax)
        {
            yield return $"{MetricsPort} is no port for metrics: 0 to {portMax}";
        }

        if (CoresMax < 0)
        {
            yield return $"{CoresMax} is no size for core dumps: 0 keeps none";
        }

        if (Encoding.UTF8.GetByteCount(SocketPath) is 0 or > LocalServer.SocketPathBytesMax)
        {
            yield return $"the socket's path '{SocketPath}' must have 1 to {LocalServer.SocketPathBytesMax} bytes";
        }
    }
}
