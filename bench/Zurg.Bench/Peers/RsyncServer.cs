using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Zurg.Bench;

/// <summary>Debian's rsync as a daemon on loopback that serves the directories below one.</summary>
internal sealed class RsyncServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _program;

    private RsyncServer(string program, Process process, int port) => (_program, _process, Port) = (program, process, port);

    public int Port { get; }

    public static async Task<RsyncServer> StartAsync(string root, string directory, CancellationToken stop)
    {
        var program = await DebianPackage.EnsureAsync("rsync", "usr/bin/rsync", stop);
        Directory.CreateDirectory(directory);
        var (conf, port) = (Path.Combine(directory, "rsyncd.conf"), LoopbackPort.Free());
        var owner = Environment.UserName == "root" ? "uid = root\ngid = root\n" : "";
        await File.WriteAllTextAsync(
            conf,
            $"use chroot = no\n{owner}lock file = {directory}/lock\nlog file = {directory}/log\n"
            + $"[all]\npath = {root}\nread only = yes\n",
            stop);
        var arguments = new[]
        {
            "--daemon", "--no-detach", $"--config={conf}", "--address=127.0.0.1",
            string.Create(CultureInfo.InvariantCulture, $"--port={port}"),
        };
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true };
        var process = Process.Start(start) ?? throw new PeerException("rsync did not start");
        var server = new RsyncServer(program, process, port);
        try
        {
            await server.WaitUntilUpAsync(stop);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes <paramref name="to"/> what the served directory is, and returns how long that took.</summary>
    /// <param name="port">The daemon's, or one that leads to it.</param>
    public async Task<TimeSpan> PullAsync(int port, string served, string to, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        var url = string.Create(CultureInfo.InvariantCulture, $"rsync://127.0.0.1:{port}/all/{served}/");
        using var client = Process.Start(
            new ProcessStartInfo(_program, ["-a", "--delete", url, to + "/"]) { UseShellExecute = false })
            ?? throw new PeerException("rsync did not start");
        await client.WaitForExitAsync(stop);
        return client.ExitCode == 0
            ? Stopwatch.GetElapsedTime(began) : throw new PeerException($"rsync ended with {client.ExitCode}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WaitUntilUpAsync(CancellationToken stop)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < StartTime && !_process.HasExited;)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", Port, stop);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), stop);
            }
        }

        throw new PeerException($"rsync's daemon was not up within {StartTime.TotalSeconds:0} s");
    }
}
