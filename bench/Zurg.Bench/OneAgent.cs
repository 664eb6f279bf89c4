using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;
using Zurg.Master;
using Zurg.Protocol;

namespace Zurg.Bench;

/// <summary>The agent of a benchmark's one host. To dispose of it stops what it runs.</summary>
internal interface IOneAgent : IAsyncDisposable
{
    string SocketPath { get; }

    int Pid { get; }
}

/// <summary>An agent in the benchmark's own process.</summary>
internal sealed class AgentInside : IOneAgent
{
    private readonly AgentHost _agent;

    private AgentInside(AgentHost agent) => _agent = agent;

    public string SocketPath => _agent.SocketPath;

    public int Pid => Environment.ProcessId;

    public static async Task<AgentInside> StartAsync(MasterHost master, string directory, CancellationToken stop) =>
        new(await AgentHost.StartAsync(
            new AgentOptions
            {
                Directory = directory,
                Host = new HostId("host1"),
                Cell = new CellName("az1"),
                Master = master.Url,
                TokenFile = master.TokenFile,
                SocketPath = AgentProcess.FreeSocketPath(),
                Time = TimeProvider.System,
                Logs = NullLoggerFactory.Instance,
            },
            stop));

    public async ValueTask DisposeAsync()
    {
        await _agent.StopAsync(stopInstances: true);
        await _agent.DisposeAsync();
    }
}

/// <summary>The agent that users start: <c>zurg agent</c> of the launcher that started the benchmark.</summary>
internal sealed class AgentProcess : IOneAgent
{
    private static readonly TimeSpan StopTime = TimeSpan.FromMinutes(2);

    private readonly Process _process;

    private AgentProcess(Process process, string socket) => (_process, SocketPath) = (process, socket);

    public string SocketPath { get; }

    public int Pid => _process.Id;

    /// <exception cref="PeerException">The benchmark was not started by the launcher.</exception>
    public static AgentProcess Start(MasterHost master, string directory)
    {
        var root = Environment.GetEnvironmentVariable("ZURG_ROOT")
            ?? throw new PeerException("start it as ./zurg bench idle: the agent is started by that launcher");
        var socket = FreeSocketPath();
        var log = directory + ".log";
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        // The launcher becomes the agent, so its pid is the agent's.
        string[] arguments =
        [
            "-c", $"exec \"$0\" \"$@\" >'{log}' 2>&1", Path.Combine(root, "zurg"), "agent", "--master", master.Url.ToString(),
            "--token-file", master.TokenFile, "--host", "host1", "--cell", "az1", "--dir", directory, "--socket", socket,
            "--stop-instances",
        ];
        return new AgentProcess(Process.Start("/bin/sh", arguments), socket);
    }

    public static string FreeSocketPath() => Path.Combine(
        Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"zurg-bench-{Environment.ProcessId}.sock"));

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
