using System.Diagnostics;

namespace Zurg.Bench;

/// <summary>A single-node etcd on loopback with its defaults: durable at every answered put. Killed by Dispose.</summary>
internal sealed class EtcdServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private EtcdServer(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    public int Pid => _process.Id;

    public static async Task<EtcdServer> StartAsync(string program, string directory, CancellationToken stop)
    {
        var (client, peer) = (LoopbackPort.Free(), LoopbackPort.Free());
        var address = new Uri($"http://127.0.0.1:{client}");
        string[] arguments =
        [
            "--name", "peer", "--data-dir", directory,
            "--logger", "zap", "--log-level", "error", "--log-outputs", directory + ".log",
            "--listen-client-urls", address.OriginalString, "--advertise-client-urls", address.OriginalString,
            "--listen-peer-urls", $"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{peer}",
            "--initial-cluster", $"peer=http://127.0.0.1:{peer}",
        ];
        var process = Process.Start(OpenFiles.Raised(program, arguments))
            ?? throw new PeerException("etcd did not start");
        var server = new EtcdServer(process, address);
        try
        {
            await server.WaitUntilHealthyAsync(stop);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WaitUntilHealthyAsync(CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = Address };
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < StartTime && !_process.HasExited)
        {
            try
            {
                if ((await http.GetStringAsync("/health", stop)).Contains("true", StringComparison.Ordinal))
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), stop);
        }

        throw new PeerException($"etcd was not healthy within {StartTime.TotalSeconds:0} s");
    }
}
