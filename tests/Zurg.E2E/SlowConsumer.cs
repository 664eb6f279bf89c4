using System.Diagnostics;

namespace Zurg.E2E;

/// <summary>
/// A program of its own that follows a service on the local socket of host1, and confirms nothing while a test holds it. python3
/// runs it. Agents may come and go.
/// </summary>
internal sealed class SlowConsumer : IAsyncDisposable
{
    /// <summary>
    /// Each set that it hears is a line of the file "seen". While the file "hold-confirm" is there, it does not confirm.
    /// </summary>
    private const string Program = """
        import json, os, socket, sys, threading, time
        path, shared, service = sys.argv[1:]

        def ask(head, body=""):
            s = socket.socket(socket.AF_UNIX)
            s.connect(path)
            s.sendall(f"{head} HTTP/1.1\r\nHost: zurg\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            return s.makefile("rb")

        newest = [None]

        def follow():
            while True:
                try:
                    for line in ask(f"GET /v1/services/{service}?watch=true&confirm=true"):
                        if line.startswith(b"{"):
                            newest[0] = json.loads(line)
                            with open(shared + "/seen", "a") as seen:
                                seen.write(" ".join(e["instance"] for e in newest[0]["endpoints"]) + "\n")
                except OSError:
                    pass
                time.sleep(0.05)

        threading.Thread(target=follow, daemon=True).start()
        confirmed = None
        while True:
            word = newest[0]
            if word is not confirmed and not os.path.exists(shared + "/hold-confirm"):
                try:
                    ask("POST /v1/confirm", json.dumps({"service": service, "revision": word["revision"]})).readline()
                    confirmed = word
                except OSError:
                    pass
            time.sleep(0.01)

        """;

    private readonly ProcessCluster _cluster;
    private readonly Process _process;

    private SlowConsumer(ProcessCluster cluster, Process process) => (_cluster, _process) = (cluster, process);

    public int Pid => _process.Id;

    /// <summary>Every set so far: a line each, its instances in order.</summary>
    public string Seen => File.Exists(_cluster.Shared("seen")) ? File.ReadAllText(_cluster.Shared("seen")) : "";

    public static async Task<SlowConsumer> StartAsync(ProcessCluster cluster, string service)
    {
        var program = cluster.Shared("consumer.py");
        await File.WriteAllTextAsync(program, Program);
        return new SlowConsumer(
            cluster, Process.Start("python3", [program, cluster.SocketPath, cluster.Shared("").TrimEnd('/'), service]));
    }

    /// <summary>SIGSTOP: its session lives, and it does nothing.</summary>
    public Task FreezeAsync() => ProcessCluster.SignalAsync(_process.Id, "STOP");

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            ProcessCluster.KillPid(_process.Id);
        }

        _process.Dispose();
        return ValueTask.CompletedTask;
    }
}
