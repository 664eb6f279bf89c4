using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;
using Zurg.Agent.Artifacts;
using Zurg.Agent.Cores;
using Zurg.Agent.Hands;
using Zurg.Agent.Local;
using Zurg.Agent.Processes;
using Zurg.Agent.Templates;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Hands;

/// <summary>
/// Real hands in a directory of their own, with a brain that only listens. Nothing that they started outlives it.
/// </summary>
internal sealed class HandsBench : IReleaseStore, ILocalNaming, ICoreKeeper, IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly Channel<AgentInput> _inputs = Channel.CreateBounded<AgentInput>(1000);
    private readonly ConcurrentDictionary<ServiceName, EndpointSet> _sets = new();
    private readonly List<Channel<EndpointSet>> _watchers = [];
    private readonly List<(ProcessIdentity Process, string Token)> _started = [];
    private readonly int _firstPort;

    public HandsBench()
    {
        Paths = new AgentPaths(Directory.CreateTempSubdirectory("zurg-hands-").FullName);
        File.SetUnixFileMode(Paths.Directory, (UnixFileMode)Convert.ToInt32("755", 8));
        _firstPort = 22_000 + (int.Parse(Paths.Key[..4], NumberStyles.HexNumber, CultureInfo.InvariantCulture) % 7_000);
        Hands = NewHands();
    }

    public AgentPaths Paths { get; }

    public AgentHands Hands { get; private set; }

    public string Release => Paths.Release(ReleaseId.Parse("web@1.0.0"));

    public Hold? ReleaseHold { get; set; }

    /// <summary>The agent dies and another one comes: nothing but processes and files is left.</summary>
    public async Task RestartAgentAsync()
    {
        await Hands.DisposeAsync();
        while (_inputs.Reader.TryRead(out _))
        {
        }

        Hands = NewHands();
    }

    /// <summary>Processes that left a core dump.</summary>
    public Channel<DumpedProcess> Dumped { get; } = Channel.CreateBounded<DumpedProcess>(10);

    public void Keep(DumpedProcess dumped) => Dumped.Writer.TryWrite(dumped);

    public void AddFile(string path, string text, bool executable = true)
    {
        var full = Path.Combine(Release, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        File.SetUnixFileMode(full, (UnixFileMode)Convert.ToInt32(executable ? "755" : "644", 8));
    }

    public async Task<T> NextAsync<T>() where T : AgentInput
    {
        using var late = new CancellationTokenSource(Deadline);
        try
        {
            while (true)
            {
                if (await _inputs.Reader.ReadAsync(late.Token) is T wanted)
                {
                    return wanted;
                }
            }
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"the hands never told {typeof(T).Name}", e);
        }
    }

    public async Task<Launch> PrepareAsync(AssignedInstance assigned, long incarnation = 1)
    {
        Hands.Begin(new AgentEffect.Prepare(assigned, new Incarnation(incarnation)));
        return (await NextAsync<AgentInput.Prepared>()).Launch;
    }

    public async Task<ProcessIdentity> StartAsync(AssignedInstance assigned, Launch launch, long incarnation = 1)
    {
        Hands.Begin(new AgentEffect.Start(assigned, new Incarnation(incarnation), launch));
        var process = (await NextAsync<AgentInput.Started>()).Process;
        _started.Add((process, Paths.Token(assigned.Instance, new Incarnation(incarnation))));
        return process;
    }

    public async Task<(Launch Launch, ProcessIdentity Process)> RunAsync(AssignedInstance assigned)
    {
        var launch = await PrepareAsync(assigned);
        return (launch, await StartAsync(assigned, launch));
    }

    public void Probe(AssignedInstance assigned, Launch launch, ProcessIdentity process, bool eager = true) =>
        Hands.Begin(new AgentEffect.Probe(assigned, AgentSamples.First, process, launch, eager));

    public void Push(EndpointSet set)
    {
        _sets[set.Service] = set;
        lock (_watchers)
        {
            _watchers.ForEach(w => w.Writer.TryWrite(set));
        }
    }

    /// <summary>A new assignment has these.</summary>
    public void Settings(params (string Name, string Value)[] settings) => Hands.Observe(new AgentState
    {
        Host = new HostId("host1"),
        Assignment = new Assignment
        {
            Host = new HostId("host1"),
            Generation = new Generation(1),
            Settings = settings.ToImmutableSortedDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal),
        },
    });

    /// <summary>Nothing is known of any service any more.</summary>
    public void Silence()
    {
        _sets.Clear();
        lock (_watchers)
        {
            _watchers.Clear();
        }
    }

    public async Task PushWhenWatchedAsync(EndpointSet set)
    {
        await Processes.ProcessBench.UntilAsync(Watched, "somebody to watch");
        Push(set);

        bool Watched()
        {
            lock (_watchers)
            {
                return _watchers.Count > 0;
            }
        }
    }

    public ValueTask<ReleaseOutcome> EnsureAsync(ReleaseDemand demand, CancellationToken stop) =>
        ValueTask.FromResult<ReleaseOutcome>(
            ReleaseHold is { } hold ? new ReleaseOutcome.Held(hold) : new ReleaseOutcome.Ready(Release));

    public EndpointSet? Current(ServiceName service) => _sets.GetValueOrDefault(service);

    /// <summary>What generated files are said to go by: INSTANCE#INCARNATION SERVICE REVISION, or joined, or left.</summary>
    public ConcurrentQueue<string> Uses { get; } = new();

    /// <summary>Called each time right before generated files join.</summary>
    public Action? BeforeJoin { get; set; }

    public void Join(InstanceId instance, Incarnation incarnation, ImmutableArray<ServiceName> services)
    {
        BeforeJoin?.Invoke();
        Say(instance, incarnation, "joined");
    }

    public void Use(InstanceId instance, Incarnation incarnation, IEnumerable<EndpointSet> sets)
    {
        foreach (var set in sets)
        {
            Uses.Enqueue($"{instance}#{incarnation} {set.Service} {set.Revision}");
        }
    }

    public void Leave(InstanceId instance, Incarnation incarnation) => Say(instance, incarnation, "left");

    /// <summary>Who is there joins no more, and who has left leaves no more.</summary>
    private void Say(InstanceId instance, Incarnation incarnation, string what)
    {
        var who = $"{instance}#{incarnation}";
        lock (Uses)
        {
            if (Uses.LastOrDefault(u => u == $"{who} joined" || u == $"{who} left") != $"{who} {what}")
            {
                Uses.Enqueue($"{who} {what}");
            }
        }
    }

    public async IAsyncEnumerable<EndpointSet> WatchAsync(ServiceName service, [EnumeratorCancellation] CancellationToken stop)
    {
        var watcher = Channel.CreateBounded<EndpointSet>(10);
        lock (_watchers)
        {
            _watchers.Add(watcher);
        }

        while (true)
        {
            var set = await watcher.Reader.ReadAsync(stop);
            if (set.Service == service)
            {
                yield return set;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Hands.DisposeAsync();
        using var stop = new CancellationTokenSource(Deadline);
        foreach (var (process, token) in _started)
        {
            await ProcessTree.KillAsync(process, token, true, TimeProvider.System, stop.Token);
        }

        Configs.Dispose();
        Directory.Delete(Paths.Directory, true);
    }

    public ConfigHistory Configs { get; private set; } = null!;

    public SelfDesk Selves { get; private set; } = null!;

    private AgentHands NewHands()
    {
        Selves = new SelfDesk(new ProcessNames(), _inputs.Writer.WriteAsync, TimeProvider.System);
        var site = new AgentSite(Paths, new HostId("host1"), new CellName("az1"), IPAddress.Loopback, "/run/zurg/test.sock");
        var time = TimeProvider.System;
        Configs?.Dispose();
        Configs = new ConfigHistory(Paths.Directory, time, NullLogger.Instance);
        return new AgentHands(
            site, (_firstPort, _firstPort + 99), this, new TemplateSource(site, this, Configs, time), this, Selves,
            _inputs.Writer.WriteAsync, time, NullLogger.Instance);
    }
}
