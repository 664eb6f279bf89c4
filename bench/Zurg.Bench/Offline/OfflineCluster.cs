using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Text;
using Zurg.Cli.Client;
using Zurg.Master;
using Zurg.Protocol;

namespace Zurg.Bench;

internal enum OfflineReason
{
    /// <summary>A person stops the instance.</summary>
    Planned,

    /// <summary>SIGKILL of the instance's process.</summary>
    Kill,

    /// <summary>SIGKILL of its host's agent and of all its instances.</summary>
    Host,
}

/// <summary>A master and two hosts with two instances each of a program that answers with its own name.</summary>
internal sealed class OfflineCluster : IAsyncDisposable
{
    public const string Service = "s";

    private const int Instances = 4;

    private const string Program = """
        #!/usr/bin/perl
        use Socket;
        $SIG{PIPE} = 'IGNORE';
        socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
        bind($s, sockaddr_in($ENV{PORT_HTTP}, inet_aton("127.0.0.1"))) or die $!;
        listen($s, 64) or die $!;
        my $body = $ENV{ZURG_INSTANCE};
        while (accept(my $c, $s)) {
          sysread($c, my $request, 4096);
          syswrite($c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
          close($c);
        }

        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly ServiceName Name = new(Service);

    private readonly MasterHost _master;
    private readonly MasterClient _client;

    private OfflineCluster(MasterHost master, MasterClient client, ImmutableArray<OfflineHost> hosts) =>
        (_master, _client, Hosts) = (master, client, hosts);

    /// <summary>The first one is the one that something happens to.</summary>
    public ImmutableArray<OfflineHost> Hosts { get; }

    public static async Task<OfflineCluster> StartAsync(string directory, CancellationToken stop)
    {
        var master = await MasterHost.StartAsync(
            new MasterOptions { Directory = Path.Combine(directory, "master"), Listen = new IPEndPoint(IPAddress.Loopback, 0) },
            stop);
        var client = new MasterClient(new ClusterAddress(master.Url, master.TokenFile, Directory: null), handler: null);
        var cluster = new OfflineCluster(
            master, client, [new OfflineHost(master, directory, 1), new OfflineHost(master, directory, 2)]);
        var bytes = Encoding.UTF8.GetBytes(Program);
        var manifest = new ReleaseManifest
        {
            Release = Id.Parse<ReleaseId>("bench@1"),
            Files = [new ReleaseFile("serve", Mode: 0b101_101_101, bytes.Length, Digest.Of(bytes))],
        };
        await client.PushAsync(manifest, "bench", stop);
        await client.UploadAsync(Digest.Of(bytes), new MemoryStream(bytes), stop);
        await client.PushAsync(manifest, "bench", stop);
        await cluster.UntilAsync(s => s.Hosts.Count(h => h.Session == HostSession.Connected) == 2, stop);
        // No attempts: what was killed stays dead until it is started again on purpose.
        await client.ApplyAsync(
            $"cluster: bench\ncells: [az1, az2]\nservices:\n  {Service}: {{ release: bench@1, run: serve, "
            + $"instances: {Instances}, "
            + "ports: { http: dynamic }, probe: { tcp: http, every: 1s }, restart: { attempts: 0, window: 1h }, "
            + "update: { max_unavailable: 2, surge: 0, canary: 0, batch: 100% } }\n",
            plan: false, "bench", seen: null, stop);
        await cluster.UntilReadyAsync(stop);
        return cluster;
    }

    /// <summary>Whom it will happen to.</summary>
    public async Task<string[]> VictimsAsync(OfflineReason reason, CancellationToken stop)
    {
        var there = await ThereAsync(stop);
        return [.. (reason == OfflineReason.Host ? there : there.Take(1)).Select(i => i.Instance.Value)];
    }

    /// <returns>When the reason was there.</returns>
    public async Task<long> EndAsync(OfflineReason reason, CancellationToken stop)
    {
        var there = await ThereAsync(stop);
        var at = Stopwatch.GetTimestamp();
        switch (reason)
        {
            case OfflineReason.Planned:
                await _client.ActAsync(Name, "stop", there[0].Instance, "bench", stop);
                break;
            case OfflineReason.Kill:
                using (var victim = Process.GetProcessById(there[0].Status!.Pid!.Value))
                {
                    victim.Kill();
                }

                break;
            case OfflineReason.Host:
                Hosts[0].Kill(there.Select(i => i.Status!.Pid!.Value));
                break;
        }

        return at;
    }

    /// <summary>All is as it was before.</summary>
    public async Task MendAsync(OfflineReason reason, CancellationToken stop)
    {
        if (reason == OfflineReason.Host)
        {
            Hosts[0].StartAgain();
            await UntilAsync(s => s.Hosts.Count(h => h.Session == HostSession.Connected) == 2, stop);
        }

        var status = await _client.StatusAsync(stop);
        foreach (var instance in status.Services.SelectMany(s => s.Instances).Where(i => i.Status?.IsReady() is not true))
        {
            await _client.ActAsync(
                Name, reason == OfflineReason.Planned ? "start" : "restart", instance.Instance, "bench", stop);
        }

        await UntilReadyAsync(stop);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Hosts)
        {
            await host.DisposeAsync();
        }

        await _master.DisposeAsync();
        _client.Dispose();
    }

    private async Task<ImmutableArray<PlacedInstance>> ThereAsync(CancellationToken stop) =>
    [
        .. (await _client.StatusAsync(stop)).Services.SelectMany(s => s.Instances)
            .Where(i => i.Host == Hosts[0].Host && i.Status is { Pid: not null }),
    ];

    private Task UntilReadyAsync(CancellationToken stop) => UntilAsync(s => s.Services.Sum(v => v.Ready) == Instances, stop);

    private async Task UntilAsync(Func<ClusterStatus, bool> condition, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        while (!condition(await _client.StatusAsync(limit.Token)))
        {
            await Task.Delay(Look, limit.Token);
        }
    }
}
