using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Zurg.Agent;
using Zurg.Cli.Client;
using Zurg.Master;
using Zurg.Protocol;

namespace Zurg.Cli.Cluster;

/// <param name="Hosts">1 to 100.</param>
/// <param name="Cells">Hosts are dealt to them in turn.</param>
/// <param name="Fresh">Forget everything that the directory holds first.</param>
internal sealed record DevOptions(string Directory, int Hosts, ImmutableArray<CellName> Cells, bool Fresh, TimeProvider Time);

/// <summary>
/// A master and its agents in one process, over real sessions, in one directory. It runs nothing that 'zurg master' and
/// 'zurg agent' do not. Disposing it stops every instance first.
/// </summary>
internal sealed class DevCluster : IAsyncDisposable
{
    // Ports for instances: below the kernel's ephemeral range, which begins at 32768.
    private const int PortsFrom = 20_000;
    private const int PortsPerHost = 1_000;
    private const int PortSlices = 12;

    private readonly DevDirectory _directory;
    private readonly ILoggerFactory _logs;
    private readonly MasterHost _master;
    private readonly ImmutableArray<AgentHost> _agents;

    private DevCluster(DevDirectory directory, ILoggerFactory logs, MasterHost master, ImmutableArray<AgentHost> agents)
    {
        (_directory, _logs, _master, _agents) = (directory, logs, master, agents);
        Completion = Task.WhenAny([master.Completion, .. agents.Select(a => a.Completion)]).Unwrap();
    }

    public ClusterAddress Address => new(_master.Url, _master.TokenFile, _directory.Path);

    public ImmutableArray<HostId> Hosts => [.. _agents.Select(a => a.Host)];

    /// <summary>Ends, with its fault, when the master or an agent died.</summary>
    public Task Completion { get; }

    /// <exception cref="VerbFailedException">The directory is in use or cannot be used.</exception>
    public static async Task<DevCluster> StartAsync(DevOptions options, CancellationToken stop)
    {
        var directory = DevDirectory.Take(options.Directory);
        MasterHost? master = null;
        var agents = ImmutableArray<AgentHost>.Empty;
        try
        {
            if (options.Fresh)
            {
                await directory.ClearAsync(stop);
            }

            var logs = LineLogs.Factory(
                new StreamWriter(directory.Log, append: true, Encoding.UTF8), LogLevel.Information, options.Time);
            master = await MasterHost.StartAsync(
                new MasterOptions { Directory = directory.Master, Time = options.Time, Logs = logs }, stop);
            for (var i = 0; i < options.Hosts; i++)
            {
                agents = agents.Add(await AgentHost.StartAsync(AgentOf(i, directory, master, options, logs), stop));
            }

            new ClusterFile(master.Url, master.TokenFile, Environment.ProcessId).Write(directory.Path);
            return new DevCluster(directory, logs, master, agents);
        }
        catch
        {
            await StopAsync(agents);
            if (master is not null)
            {
                await master.DisposeAsync();
            }

            directory.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Agents before the master: it still learns how the instances ended.
        await StopAsync(_agents);
        await _master.DisposeAsync();
        _logs.Dispose();
        _directory.Dispose();
    }

    private static AgentOptions AgentOf(int i, DevDirectory directory, MasterHost master, DevOptions options, ILoggerFactory logs)
    {
        var host = new HostId(string.Create(CultureInfo.InvariantCulture, $"host{i + 1}"));
        // Clusters of different directories begin at different slices, so that they seldom want the same port.
        var first = Convert.ToInt32(Digest.Of(Encoding.UTF8.GetBytes(directory.Path)).Value[..4], 16);
        var from = PortsFrom + ((first + i) % PortSlices * PortsPerHost);
        return new AgentOptions
        {
            Directory = directory.Host(host),
            Host = host,
            Cell = options.Cells[i % options.Cells.Length],
            Master = master.Url,
            TokenFile = master.TokenFile,
            Ports = (from, from + PortsPerHost - 1),
            SocketPath = directory.Socket(host),
            Time = options.Time,
            Logs = logs,
        };
    }

    private static async Task StopAsync(ImmutableArray<AgentHost> agents)
    {
        await Task.WhenAll(agents.Select(a => a.StopAsync(stopInstances: true)));
        foreach (var agent in agents)
        {
            await agent.DisposeAsync();
        }
    }
}
