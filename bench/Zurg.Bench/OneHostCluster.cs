using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;
using Zurg.Cli.Client;
using Zurg.Master;
using Zurg.Protocol;

namespace Zurg.Bench;

/// <summary>A master and one agent as <c>zurg dev</c> runs them, with a trivial release: a program that listens on its port.</summary>
internal sealed class OneHostCluster : IAsyncDisposable
{
    /// <summary>Starts in a few milliseconds and is on every Debian.</summary>
    public const string Program = """
        #!/usr/bin/perl
        use Socket;
        socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
        bind($s, sockaddr_in($ENV{PORT_HTTP}, inet_aton("127.0.0.1"))) or die $!;
        listen($s, 16) or die $!;
        while (accept(my $c, $s)) { close($c); }

        """;

    private readonly MasterHost _master;
    private readonly AgentHost _agent;
    private readonly MasterClient _client;
    private readonly StringBuilder _services = new();
    private int _count;

    private OneHostCluster(MasterHost master, AgentHost agent, MasterClient client) =>
        (_master, _agent, _client) = (master, agent, client);

    public string SocketPath => _agent.SocketPath;

    public static Task<OneHostCluster> StartAsync(string directory, CancellationToken stop) =>
        StartAsync(directory, Encoding.UTF8.GetBytes(Program), stop);

    /// <param name="program">The one file of the release bench@1, named serve.</param>
    public static async Task<OneHostCluster> StartAsync(string directory, byte[] program, CancellationToken stop)
    {
        var master = await MasterHost.StartAsync(
            new MasterOptions { Directory = Path.Combine(directory, "master"), Listen = new IPEndPoint(IPAddress.Loopback, 0) }, stop);
        var agent = await AgentHost.StartAsync(
            new AgentOptions
            {
                Directory = Path.Combine(directory, "host1"),
                Host = new HostId("host1"),
                Cell = new CellName("az1"),
                Master = master.Url,
                TokenFile = master.TokenFile,
                SocketPath = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"zurg-bench-{Environment.ProcessId}.sock")),
                Time = TimeProvider.System,
                Logs = NullLoggerFactory.Instance,
            },
            stop);
        var cluster = new OneHostCluster(master, agent, new MasterClient(new ClusterAddress(master.Url, master.TokenFile, Directory: null), handler: null));
        await cluster.PushAsync(program, stop);
        return cluster;
    }

    /// <summary>The name that the next apply adds.</summary>
    public string NextService()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"s{++_count}");
        _services.Append(CultureInfo.InvariantCulture, $"  {name}: {{ release: bench@1, run: serve, ports: {{ http: dynamic }} }}\n");
        return name;
    }

    public Task ApplyAsync(CancellationToken stop) => ApplyAsync(_services.ToString(), stop);

    /// <param name="services">What stands below services: in cluster.yaml.</param>
    public Task ApplyAsync(string services, CancellationToken stop) =>
        _client.ApplyAsync($"cluster: bench\nservices:\n{services}", plan: false, "bench", seen: null, stop);

    public async ValueTask DisposeAsync()
    {
        await _agent.StopAsync(stopInstances: true);
        await _agent.DisposeAsync();
        await _master.DisposeAsync();
        _client.Dispose();
    }

    private async Task PushAsync(byte[] bytes, CancellationToken stop)
    {
        var manifest = new ReleaseManifest
        {
            Release = Id.Parse<ReleaseId>("bench@1"),
            Files = [new ReleaseFile("serve", Mode: 0b101_101_101, bytes.Length, Digest.Of(bytes))],
        };
        await _client.PushAsync(manifest, "bench", stop);
        await _client.UploadAsync(Digest.Of(bytes), new MemoryStream(bytes), stop);
        await _client.PushAsync(manifest, "bench", stop);
    }
}
