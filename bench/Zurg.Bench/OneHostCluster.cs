using System.Globalization;
using System.Net;
using System.Text;
using Zurg.Cli.Client;
using Zurg.Master;
using Zurg.Protocol;

namespace Zurg.Bench;

/// <summary>A master and one agent as <c>zurg dev</c> runs them, with a trivial release: a program that listens.</summary>
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
    private readonly IOneAgent _agent;
    private readonly MasterClient _client;
    private readonly StringBuilder _services = new();
    private int _count;

    private OneHostCluster(MasterHost master, IOneAgent agent, MasterClient client) =>
        (_master, _agent, _client) = (master, agent, client);

    public string SocketPath => _agent.SocketPath;

    /// <summary>Of the process that the agent lives in.</summary>
    public int AgentPid => _agent.Pid;

    public static Task<OneHostCluster> StartAsync(string directory, CancellationToken stop) =>
        StartAsync(directory, Encoding.UTF8.GetBytes(Program), stop);

    /// <param name="program">The one file of the release bench@1, named serve.</param>
    public static Task<OneHostCluster> StartAsync(string directory, byte[] program, CancellationToken stop) =>
        StartAsync(directory, program, apart: false, stop);

    /// <summary>With the agent in a process of its own, as <c>zurg agent</c> starts it.</summary>
    public static Task<OneHostCluster> StartApartAsync(string directory, byte[] program, CancellationToken stop) =>
        StartAsync(directory, program, apart: true, stop);

    private static async Task<OneHostCluster> StartAsync(string directory, byte[] program, bool apart, CancellationToken stop)
    {
        var master = await MasterHost.StartAsync(
            new MasterOptions { Directory = Path.Combine(directory, "master"), Listen = new IPEndPoint(IPAddress.Loopback, 0) },
            stop);
        var place = Path.Combine(directory, "host1");
        IOneAgent agent = apart
            ? AgentProcess.Start(master, place)
            : await AgentInside.StartAsync(master, place, stop);
        var address = new ClusterAddress(master.Url, master.TokenFile, Directory: null);
        var cluster = new OneHostCluster(master, agent, new MasterClient(address, handler: null));
        await PushAsync(cluster._client, program, stop);
        return cluster;
    }

    /// <summary>The name that the next apply adds.</summary>
    public string NextService()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"s{++_count}");
        _services.Append(
            CultureInfo.InvariantCulture, $"  {name}: {{ release: bench@1, run: serve, ports: {{ http: dynamic }} }}\n");
        return name;
    }

    public Task ApplyAsync(CancellationToken stop) => ApplyAsync(_services.ToString(), stop);

    /// <param name="services">What stands below services: in cluster.yaml.</param>
    public Task ApplyAsync(string services, CancellationToken stop) =>
        _client.ApplyAsync($"cluster: bench\nservices:\n{services}", plan: false, "bench", seen: null, stop);

    /// <summary>Instances of all services that are ready now.</summary>
    public async Task<int> ReadyAsync(CancellationToken stop) => (await _client.StatusAsync(stop)).Services.Sum(s => s.Ready);

    public async ValueTask DisposeAsync()
    {
        await _agent.DisposeAsync();
        await _master.DisposeAsync();
        _client.Dispose();
    }

    /// <summary>The release bench@1: one file, named serve.</summary>
    public static async Task PushAsync(MasterClient client, byte[] bytes, CancellationToken stop)
    {
        var manifest = new ReleaseManifest
        {
            Release = Id.Parse<ReleaseId>("bench@1"),
            Files = [new ReleaseFile("serve", Mode: 0b101_101_101, bytes.Length, Digest.Of(bytes))],
        };
        await client.PushAsync(manifest, "bench", stop);
        await client.UploadAsync(Digest.Of(bytes), new MemoryStream(bytes), stop);
        await client.PushAsync(manifest, "bench", stop);
    }
}
