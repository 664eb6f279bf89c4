using System.Diagnostics;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// A service with three clients, each of another kind: one that follows it, one that only has a TCP connection, one that came,
/// was gone within seconds and is known all the same after everything was killed.
/// </summary>
public sealed class RetireTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    /// <summary>Follows the service on the local socket and confirms what it hears.</summary>
    private const string Follower = """
        import json, socket, sys
        def ask(head, body=""):
            s = socket.socket(socket.AF_UNIX)
            s.connect(sys.argv[1])
            s.sendall(f"{head} HTTP/1.1\r\nHost: zurg\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            return s.makefile("rb")
        for line in ask("GET /v1/services/web?watch=true&confirm=true"):
            if line.startswith(b"{"):
                revision = json.loads(line)["revision"]
                ask("POST /v1/confirm", json.dumps({"service": "web", "revision": revision})).readline()
        """;

    private const string Connected = """
        import socket, sys
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))).recv(1)
        """;

    private const string Nightly = """
        import socket, sys
        s = socket.socket(socket.AF_UNIX)
        s.connect(sys.argv[1])
        s.sendall(b"GET /v1/services/web?watch=true HTTP/1.1\r\nHost: zurg\r\n\r\n")
        while b"web.0" not in s.recv(4096): pass
        """;

    private const string Server = """
        #!/usr/bin/env python3
        import os, socket, time
        listener = socket.create_server(("127.0.0.1", int(os.environ["PORT_HTTP"])))
        kept = []
        while True:
            kept.append(listener.accept())
        """;

    private readonly ProcessCluster _cluster = new();
    private readonly List<Process> _clients = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var client in _clients)
        {
            ProcessCluster.KillPid(client.Id);
            client.Dispose();
        }

        await _cluster.DisposeAsync();
    }

    [NeedsFact("python3")]
    public async Task A_service_is_retired_once_its_last_client_is_gone_and_not_before()
    {
        await _cluster.StartMasterAsync();
        _cluster.StartAgent();
        Assert.True(await _cluster.TryPushAsync("web", "1", Server));
        await ApplyAsync();
        await DevFixture.Until("it is ready", Soon, async () => (await WebAsync()).Ready == 1);
        var port = (await WebAsync()).Instances.Single().Status!.Ports.Values.Single();

        Run("nightly.py", Nightly, _cluster.SocketPath);
        await _clients[0].WaitForExitAsync();
        Run("follower.py", Follower, _cluster.SocketPath);
        Run("connected.py", Connected, port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await UntilAsync("all three are seen", users => Names(users, _ => true) == "connected.py follower.py nightly.py");
        var refused = await _cluster.ZurgAsync("retire", "web");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("use it now", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("connected.py on host1: has TCP connections to it, process", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("follower.py on host1: follows its endpoints", refused.Errors, StringComparison.Ordinal);

        // What is known survives both, without a goodbye.
        _cluster.KillAgent();
        _cluster.KillMaster();
        await _cluster.StartMasterAsync();
        _cluster.StartAgent();
        await UntilAsync(
            "those that still use it do, the other one is known",
            users => Names(users, u => u.Now).StartsWith("connected.py follower.py", StringComparison.Ordinal)
                && Names(users, _ => true).EndsWith("nightly.py", StringComparison.Ordinal));

        _clients.ForEach(c => ProcessCluster.KillPid(c.Id));
        await UntilAsync("nobody uses it now", users => Names(users, u => u.Now).Length == 0);
        refused = await _cluster.ZurgAsync("retire", "web");
        Assert.True(
            refused.Errors.Contains("3 clients used it within the last 31 days", StringComparison.Ordinal), refused.Errors);
        var shown = await _cluster.ZurgAsync("who-uses", "web");
        Assert.Contains("python3 nightly.py", shown.Output, StringComparison.Ordinal);
        Assert.Contains("may be missing", shown.Output, StringComparison.Ordinal);

        var retired = await _cluster.ZurgAsync("retire", "web", "--seen-before", "0s");
        Assert.True(retired.ExitCode == 0, retired.Errors);
        Assert.Contains("no instance is left", retired.Output, StringComparison.Ordinal);
        Assert.Empty((await WebAsync()).Instances);
        Assert.Empty(_cluster.Marked());
        await ApplyAsync("settings: { a: b }");
        Assert.NotNull((await WebAsync()).Retired);

        Assert.Equal(0, (await _cluster.ZurgAsync("retire", "--undo", "web")).ExitCode);
        await DevFixture.Until("it runs again", Soon, async () => (await WebAsync()).Ready == 1);
    }

    private void Run(string name, string program, string argument)
    {
        File.WriteAllText(_cluster.Shared(name), program);
        _clients.Add(Process.Start(
            new ProcessStartInfo("python3", [name, argument]) { WorkingDirectory = _cluster.Shared("") })!);
    }

    private static string Names(ServiceUsers users, Func<ServiceUser, bool> which) =>
        string.Join(
            ' ', users.Users.Where(which).Select(u => u.Client.Replace("python3 ", "", StringComparison.Ordinal)).Order());

    private Task UntilAsync(string what, Func<ServiceUsers, bool> condition) =>
        DevFixture.Until(what, TimeSpan.FromMinutes(3), async () =>
        {
            var text = await _cluster.Http.GetStringAsync(new Uri("/v1/services/web/users", UriKind.Relative));
            return condition(JsonSerializer.Deserialize(text, WireJson.Default.ServiceUsers)!);
        });

    private async Task<ServiceStatus> WebAsync() =>
        (await _cluster.StatusAsync()).Services.Single(s => s.Service.Value == "web");

    private async Task ApplyAsync(string extra = "settings: {}") => Assert.NotNull(await _cluster.TryApplyAsync($$"""
        cluster: e2e
        {{extra}}
        services:
          web:
            release: 1
            run: run
            instances: 1
            ports: { http: dynamic }
            env: { E2E_MARK: {{_cluster.Mark}} }
            probe: { tcp: http, every: 1s }
            stop: { grace: 1s, drain: 5s }
        """));
}
