using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;
using Zurg.Cli.Client;
using Zurg.Master;
using Zurg.Protocol;

namespace Zurg.Bench;

/// <summary>
/// A master and two agents with the service that is rolled out, an nginx before it whose upstream is a generated file, and a
/// program for which an agent listens and carries.
/// </summary>
internal sealed class RolloutCluster : IAsyncDisposable
{
    public const string Service = "web";

    private const string NginxConf = """
        daemon off;
        worker_processes 1;
        pid nginx.pid;
        events { worker_connections 1024; }
        http {
          access_log off;
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
          upstream web {
        {{#each endpoints.web}}
            server {{address}}:{{ports.http}} max_fails=0;
        {{/each}}
          }
          server {
            listen 127.0.0.1:{{ports.http}};
            location / { proxy_pass http://web; proxy_next_upstream off; }
          }
        }

        """;

    private static readonly TimeSpan SettleTime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly MasterHost _master;
    private readonly List<AgentHost> _agents;
    private readonly MasterClient _client;
    private readonly string _directory;
    private int _version = 1;

    private RolloutCluster(string directory, MasterHost master, List<AgentHost> agents, MasterClient client) =>
        (_directory, _master, _agents, _client) = (directory, master, agents, client);

    /// <summary>Of the host that has nginx and the program.</summary>
    public string SocketPath => _agents[0].SocketPath;

    public int CarriedPort { get; } = LoopbackPort.Free();

    public string StopsFile => Path.Combine(_directory, "stops");

    public static async Task<RolloutCluster> StartAsync(string directory, CancellationToken stop)
    {
        var nginx = await DebianPackage.EnsureAsync("nginx", "usr/sbin/nginx", stop);
        var mastering = new MasterOptions
        {
            Directory = Path.Combine(directory, "master"), Listen = new IPEndPoint(IPAddress.Loopback, 0),
        };
        var master = await MasterHost.StartAsync(mastering, stop);
        var address = new ClusterAddress(master.Url, master.TokenFile, Directory: null);
        var cluster = new RolloutCluster(directory, master, [], new MasterClient(address, handler: null));
        for (var host = 1; host <= 2; host++)
        {
            cluster._agents.Add(await StartAgentAsync(master, directory, host, stop));
        }

        // A release is a program of a few bytes that becomes this one: the two differ in a comment.
        var self = $"{Exports()}exec '{Environment.ProcessPath}' {RolloutServer.Verb}\n";
        await cluster.PushAsync("web@1", stop, ("serve", $"#!/bin/sh\n# 1\n{self}"));
        await cluster.PushAsync("web@2", stop, ("serve", $"#!/bin/sh\n# 2\n{self}"));
        await cluster.PushAsync("program@1", stop, ("sleep", "#!/bin/sh\nexec sleep infinity\n"));
        await cluster.PushAsync(
            "nginx@1", stop, ("run", $"#!/bin/sh\nexec '{nginx}' -e stderr -p \"$1\" -c \"$1/nginx.conf\"\n"),
            ("nginx.conf.hbs", (Environment.UserName == "root" ? "user root;\n" : "") + NginxConf));
        return cluster;
    }

    /// <summary>Everything, or everything but nginx; until it runs as it is wanted.</summary>
    public async Task ApplyAsync(bool confirmation, bool nginx, CancellationToken stop)
    {
        var drain = confirmation ? "30s" : "0s";
        var services = string.Create(CultureInfo.InvariantCulture, $$$"""
            cluster: bench
            services:
              web:
                release: {{{_version}}}
                run: serve
                instances: 4
                ports: { http: dynamic }
                env: { {{{RolloutServer.StopsVariable}}}: "{{{StopsFile}}}" }
                probe: { http: /healthz, port: http, every: 200ms }
                stop: { drain: {{{drain}}} }
                update: { canary: 0, batch: 100%, bake: 0s, surge: 1, max_unavailable: 0 }
              program:
                release: 1
                run: sleep
                hosts: [host1]
                uses: { web: "127.0.0.1:{{{CarriedPort}}}" }

            """);
        const string front = """
              nginx:
                release: 1
                run: run
                args: ["${dir}"]
                hosts: [host1]
                ports: { http: dynamic }
                depends_on: [web]
                templates: [{ from: nginx.conf.hbs, to: nginx.conf, then: { reload: HUP } }]

            """;
        await _client.ApplyAsync(services + (nginx ? front : ""), plan: false, "bench", seen: null, removeUsed: true, stop);
        await UntilAsync(
            "all of it runs as it is wanted",
            async () => await _client.StatusAsync(stop) is { Converged: true } s && s.Services.All(v => v.Ready == v.Wanted),
            stop);
    }

    /// <summary>Where nginx answers.</summary>
    public async Task<Uri> FrontAsync(CancellationToken stop)
    {
        var status = await _client.StatusAsync(stop);
        var ports = status.Services.Single(s => s.Service.Value == "nginx").Instances.Single().Status!.Ports;
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{ports.Values.Single()}"));
    }

    /// <summary>The other one of the two releases to all instances.</summary>
    /// <returns>From the decision to begin until the last instance was ready on it, as the decider writes it down.</returns>
    public async Task<TimeSpan> RollAsync(CancellationToken stop)
    {
        _version = 3 - _version;
        var newest = await _client.SpecAsync(number: null, stop);
        var started = await _client.StartRolloutAsync(
            ServiceName.Parse(Service), _version.ToString(CultureInfo.InvariantCulture), "bench", newest.Number, stop);
        Rollout? last = null;
        await UntilAsync(
            "the rollout is over",
            async () =>
            {
                last = (await _client.RolloutAsync(ServiceName.Parse(Service), stop)).Rollout;
                return last.Number > started.After && last.Phase == RolloutPhase.Completed;
            },
            stop);
        if (last is not { Refused: null, EndedAt: { } ended })
        {
            throw new PeerException($"the rollout did not arrive: {last!.Reason}");
        }

        // Spares leave, so that each rollout starts from four instances.
        await UntilAsync(
            "what stood in has left",
            async () => await _client.StatusAsync(stop) is { Converged: true } s
                && s.Services.Single(v => v.Service.Value == Service) is { Ready: 4, Instances.Length: 4 },
            stop);
        return ended - last.StartedAt;
    }

    /// <summary>When each instance was taken away from its consumers, oldest first.</summary>
    public async Task<IReadOnlyList<EventRecord>> DrainsAsync(CancellationToken stop)
    {
        var all = new List<EventRecord>();
        while (true)
        {
            var since = all.Count == 0 ? 0 : all[^1].Id;
            var some = await _client.EventsAsync(
                string.Create(CultureInfo.InvariantCulture, $"service={Service}&since={since}&limit=1000"), stop);
            if (some.IsEmpty)
            {
                return [.. all.Where(e => e.Kind == EventKind.InstanceDraining)];
            }

            all.AddRange(some);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
        {
            await agent.StopAsync(stopInstances: true);
            await agent.DisposeAsync();
        }

        await _master.DisposeAsync();
        _client.Dispose();
    }

    private static Task<AgentHost> StartAgentAsync(MasterHost master, string directory, int host, CancellationToken stop)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"host{host}");
        return AgentHost.StartAsync(
            new AgentOptions
            {
                Directory = Path.Combine(directory, name),
                Host = new HostId(name),
                Cell = new CellName(string.Create(CultureInfo.InvariantCulture, $"az{host}")),
                Master = master.Url,
                TokenFile = master.TokenFile,
                Ports = (15_000 + (host * 5_000), 19_999 + (host * 5_000)),
                SocketPath = AgentProcess.FreeSocketPath() + name,
                Time = TimeProvider.System,
                Logs = NullLoggerFactory.Instance,
            },
            stop);
    }

    /// <summary>Where this program found the runtime, its other self finds it.</summary>
    private static string Exports() => Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root
        ? $"export DOTNET_ROOT='{root}'\n" : "";

    private async Task UntilAsync(string what, Func<Task<bool>> condition, CancellationToken stop)
    {
        for (var began = Stopwatch.GetTimestamp(); !await condition();)
        {
            if (Stopwatch.GetElapsedTime(began) > SettleTime)
            {
                var holds = (await _client.StatusAsync(stop)).Holds.Select(h => $"{h.Service} {h.Instance} {h.Text}");
                throw new PeerException(
                    $"not within {SettleTime.TotalMinutes:0} minutes: {what}; {string.Join("; ", holds)}");
            }

            await Task.Delay(Look, stop);
        }
    }

    private async Task PushAsync(string release, CancellationToken stop, params (string Path, string Text)[] files)
    {
        var manifest = new ReleaseManifest
        {
            Release = Id.Parse<ReleaseId>(release),
            Files =
            [
                .. files.OrderBy(f => f.Path, StringComparer.Ordinal)
                    .Select(f => FileOf(f.Path, Encoding.UTF8.GetBytes(f.Text))),
            ],
        };
        await _client.PushAsync(manifest, "bench", stop);
        foreach (var (_, text) in files)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            await _client.UploadAsync(Digest.Of(bytes), new MemoryStream(bytes), stop);
        }

        await _client.PushAsync(manifest, "bench", stop);
    }

    private static ReleaseFile FileOf(string path, byte[] bytes) =>
        new(path, Mode: 0b101_101_101, bytes.Length, Digest.Of(bytes));
}
