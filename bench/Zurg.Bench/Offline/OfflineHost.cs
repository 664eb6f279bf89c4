using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Zurg.Master;
using Zurg.Protocol;

namespace Zurg.Bench;

/// <summary>
/// One of several hosts of a benchmark: <c>zurg agent</c> in a process of its own, which dies with all that it runs and comes
/// back.
/// </summary>
internal sealed class OfflineHost : IAsyncDisposable
{
    private const int PortsFrom = 27_000;
    private const int PortsEach = 200;

    private static readonly TimeSpan StopTime = TimeSpan.FromMinutes(1);

    private readonly ImmutableArray<string> _arguments;
    private Process _process;

    /// <param name="index">From 1; its name, cell and ports come of it.</param>
    /// <exception cref="PeerException">The benchmark was not started by the launcher.</exception>
    public OfflineHost(MasterHost master, string directory, int index)
    {
        var root = Environment.GetEnvironmentVariable("ZURG_ROOT")
            ?? throw new PeerException("start it as ./zurg bench offline: the agents are started by that launcher");
        Host = new HostId(string.Create(CultureInfo.InvariantCulture, $"host{index}"));
        SocketPath = Path.Combine(
            Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"zurg-bench-{Environment.ProcessId}-{index}.sock"));
        var from = PortsFrom + (index * PortsEach);
        var log = Path.Combine(directory, $"{Host}.log");
        // The launcher becomes the agent, so its pid is the agent's.
        _arguments =
        [
            "-c", $"exec \"$0\" \"$@\" >>'{log}' 2>&1", Path.Combine(root, "zurg"), "agent", "--master", master.Url.ToString(),
            "--token-file", master.TokenFile, "--host", Host.Value,
            "--cell", string.Create(CultureInfo.InvariantCulture, $"az{index}"),
            "--dir", Path.Combine(directory, Host.Value), "--socket", SocketPath,
            "--ports", string.Create(CultureInfo.InvariantCulture, $"{from}-{from + PortsEach - 1}"), "--stop-instances",
        ];
        _process = Process.Start("/bin/sh", _arguments);
    }

    public HostId Host { get; }

    public string SocketPath { get; }

    /// <summary>SIGKILL of the agent, then of its instances: nobody is left to tell.</summary>
    public void Kill(IEnumerable<int> instances)
    {
        _process.Kill();
        foreach (var pid in instances)
        {
            using var instance = Process.GetProcessById(pid);
            instance.Kill();
        }

        _process.WaitForExit();
    }

    public void StartAgain()
    {
        _process.Dispose();
        _process = Process.Start("/bin/sh", _arguments);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("/bin/kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        using var limit = new CancellationTokenSource(StopTime);
        await _process.WaitForExitAsync(limit.Token);
        _process.Dispose();
    }
}
