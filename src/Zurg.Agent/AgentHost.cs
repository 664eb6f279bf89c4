using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Zurg.Agent.Artifacts;
using Zurg.Agent.Cores;
using Zurg.Agent.Exec;
using Zurg.Agent.Hands;
using Zurg.Agent.Journal;
using Zurg.Agent.Local;
using Zurg.Agent.Logs;
using Zurg.Agent.Measuring;
using Zurg.Agent.Processes;
using Zurg.Agent.Relay;
using Zurg.Agent.Session;
using Zurg.Agent.Templates;
using Zurg.Agent.Usage;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent;

/// <summary>One agent, put together: the loop, its hands, the session with the master, and the local socket.</summary>
public sealed partial class AgentHost : IAsyncDisposable
{
    /// <summary>
    /// Beyond the longest grace of its instances, stopping them all may take so long: a process can be beyond killing.
    /// </summary>
    public static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan KnownWithin = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LastWordsWithin = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AgentInbox _inbox = new();
    private readonly AgentOptions _options;
    private readonly DirectoryLock _lock;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly ReleaseShelf _shelf;
    private readonly ReleaseStore _releases;
    private readonly WatchedJournal _journal;
    private readonly MasterSession _session;
    private readonly Subscribers _subscribers;
    private readonly ProcessNames _names = new();
    private readonly SelfDesk _selves;
    private readonly UseDesk _uses;
    private readonly UsesFile _usesFile;
    private readonly UseWatch _useWatch;
    private readonly NamingCache _naming;
    private readonly NamingFile _namingFile;
    private readonly RelayDesk _relays;
    private readonly ConfigHistory _configs;
    private readonly ExecDesk _execs;
    private readonly AgentHands _hands;
    private readonly CgroupSite _cgroups;
    private readonly MeasureLoop _measures;
    private readonly LogKeeper _logs;
    private readonly CoreShelf _coreShelf;
    private readonly CoreKeeper _cores;
    private readonly AgentMetrics _metrics;
    private readonly AgentLoop _loop;
    private readonly ILogger _logger;
    private LocalServer? _server;
    private MetricsServer? _metricsServer;
    private ShareServer? _shareServer;
    private Task _looping = Task.CompletedTask;
    private int _stopping;

    private AgentHost(AgentOptions options, DirectoryLock held)
    {
        var (directory, time, logs) = (options.Directory, options.Time, options.Logs);
        (_options, _lock, _logger) = (options, held, logs.CreateLogger<AgentHost>());
        var paths = new AgentPaths(directory);
        var reader = new LogReader(paths, time);
        _subscribers = new Subscribers(time, Confirm,
            new SubscribersFile(Path.Combine(directory, "subscribers"), logs.CreateLogger<SubscribersFile>()));
        _selves = new SelfDesk(_names, _inbox.PostAsync, time);
        _naming = new NamingCache(options.Host, _subscribers, time, naming => _session!.Subscribe(naming));
        _uses = new UseDesk(time, uses => _session!.Say(uses));
        _usesFile = new UsesFile(Path.Combine(directory, "uses"), logs.CreateLogger<UsesFile>());
        var sources = new UseSources(_subscribers.Followers, _naming.Kept, SocketTable.Read);
        _useWatch = new UseWatch(_uses, sources, _usesFile, time, logs.CreateLogger<UseWatch>());
        _namingFile = new NamingFile(Path.Combine(directory, "naming"), _naming, logs.CreateLogger<NamingFile>());
        _relays = new RelayDesk(
            _naming, _subscribers, _inbox.TryPost, SeedOf(options.Host), time, logs.CreateLogger<RelayDesk>());
        var membership = new ClusterMembership(Path.Combine(directory, "cluster_id"));
        _configs = new ConfigHistory(directory, time, logs.CreateLogger<ConfigHistory>());
        _coreShelf = new CoreShelf(paths, options.Host, options.CoresMax, logs.CreateLogger<CoreShelf>());
        var answers = new SessionAnswers(
            (request, end) => reader.ReadAsync(request, end).AsTask(), _configs.Answer, request => _hands!.Answer(request),
            request => CoreReader.Answer(_coreShelf, request));
        var execs = new ExecOptions(options.Master, options.TokenFile, options.Host, options.Exec);
        _execs = new ExecDesk(execs, paths.Key, request => _hands!.Plan(request), time, logs.CreateLogger<ExecDesk>());
        var entrance = new SessionInbox(_inbox, _naming.Take, answers, _execs.Take, _uses.Kept);
        _session = new MasterSession(
            new SessionOptions(options.Master, options.TokenFile),
            membership, entrance, time, logs.CreateLogger<MasterSession>());
        var source = new ArtifactSource(_http, options.Master, options.TokenFile, time)
        {
            SharesAs = options.Share is null ? null : options.Host,
        };
        _cores = new CoreKeeper(
            new CoreFinder(new CoreSettings(), time), _coreShelf, _inbox.PostAsync, logs.CreateLogger<CoreKeeper>());
        var assigned = new AssignedReleases(new ReleasePaths(directory));
        _shelf = new ReleaseShelf(new ReleasePaths(directory), [assigned, _coreShelf], time, logs.CreateLogger<ReleaseShelf>());
        _releases = new ReleaseStore(
            _shelf, source, _inbox.PostAsync, time, logs.CreateLogger<ReleaseStore>());
        _journal = new WatchedJournal(new SqliteJournal(directory, options.Host, ProcessStat.BootId, time));
        var site = new AgentSite(paths, options.Host, options.Cell, IPAddress.Parse(options.Address), options.SocketPath)
        {
            Cgroups = CgroupSite.Find(paths.Key, CgroupPlace.OfThisProcess(), Environment.ProcessId),
        };
        _cgroups = site.Cgroups;
        var templates = new TemplateSource(site, _naming, _configs, time);
        _hands = new AgentHands(
            site, options.Ports, _releases, templates, _cores, _selves, _inbox.PostAsync, time,
            logs.CreateLogger<AgentHands>());
        ImmutableArray<(string, string)> places =
            [("agent", directory), ("releases", Path.Combine(directory, "releases")), ("logs", paths.Logs)];
        _measures = new MeasureLoop(new HostMeter(places, time), _session.Measure, time, logs.CreateLogger<MeasureLoop>());
        _metrics = new AgentMetrics(
            options.Host, new HostMeter(places, time), () => _loop!.State, () => _session.Connected, _relays.Measure, time);
        _logs = new LogKeeper(paths, _inbox.TryPost, time, logs.CreateLogger<LogKeeper>());
        var identity = new AgentIdentity(options.Host, SeedOf(options.Host));
        var observers = new Observers([assigned, _hands, _names, _selves, _uses, _naming, _relays, _measures, _logs]);
        _loop = new AgentLoop(
            _inbox, _hands, _journal, _session, observers, identity, time, logs.CreateLogger<AgentLoop>());
    }

    public HostId Host => _options.Host;

    public string SocketPath => _options.SocketPath;

    /// <summary>Of /metrics on 127.0.0.1; null when it was not asked for.</summary>
    public int? MetricsPort => _metricsServer?.Port;

    /// <summary>Where it gives files of its releases to other hosts; null when it was not asked to.</summary>
    public Uri? ShareUrl => _shareServer?.Url;

    /// <summary>
    /// Ends when the agent has stopped; faults when one of its loops died, and the agent is then of no use any more.
    /// </summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>
    /// Returns when the local socket answers; the master may be away. <paramref name="stop"/> gives up the start, no more.
    /// </summary>
    /// <exception cref="ArgumentException">The options are wrong; all problems are told.</exception>
    /// <exception cref="IOException">Another agent has the directory or the socket, or they cannot be used.</exception>
    public static async Task<AgentHost> StartAsync(AgentOptions options, CancellationToken stop)
    {
        if (options.Validate() is [_, ..] problems)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        options = options with { Directory = Path.GetFullPath(options.Directory) };
        Directory.CreateDirectory(options.Directory);
        var agent = new AgentHost(options, DirectoryLock.Take(options.Directory));
        try
        {
            await agent.BeginAsync(stop);
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the agent. A second call waits for the first.</summary>
    /// <param name="stopInstances">
    /// True: every instance is stopped first, as its policy says. False: the processes run on and the next agent adopts them.
    /// </param>
    public async Task StopAsync(bool stopInstances)
    {
        if (Interlocked.Exchange(ref _stopping, 1) == 1)
        {
            await _stopped.Task;
            return;
        }

        if (stopInstances)
        {
            await ShutDownAsync();
        }

        await _stop.CancelAsync();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _execs.DisposeAsync();
        await _relays.DisposeAsync();
        await _hands.DisposeAsync();
        _configs.Dispose();
        await _releases.DisposeAsync();
        await (_metricsServer?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_shareServer?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        _journal.Dispose();
        _http.Dispose();
        _lock.Dispose();
        _stopped.SetResult();
    }

    /// <summary>Leaves the processes running, unless it was stopped before.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(stopInstances: false);
        _stop.Dispose();
    }

    private async Task BeginAsync(CancellationToken stop)
    {
        if (_options.Ports.To >= ThisHost.EphemeralFrom())
        {
            Log.PortsMayBeTaken(_logger, _options.Ports.From, _options.Ports.To, ThisHost.EphemeralFrom());
        }

        // Consumers are answered from what was last known before anything else happens.
        _subscribers.Load();
        _uses.Begin(_usesFile.Load(_options.Time.GetUtcNow()));
        _namingFile.Load();
        _naming.Forget();
        var desk = new ConsumerDesk(_naming, _subscribers, _names, _selves, _uses);
        _server = await LocalServer.StartAsync(_options.SocketPath, desk, _metrics.Text, _options.Logs, stop);
        var shared = new SharedFiles(new ReleasePaths(_options.Directory), _options.Time);
        _shareServer = _options.Share is { } share
            ? await ShareServer.StartAsync(share, shared, _options.TokenFile, _options.Logs, stop)
            : null;
        _metricsServer = _options.MetricsPort is { } port
            ? await MetricsServer.StartAsync(port, _metrics.Text, _options.Logs, stop)
            : null;
        SaySocket(Path.Combine(_options.Directory, "socket"), _options.SocketPath + "\n");
        _looping = Task.Run(() => _loop.RunAsync(_stop.Token), CancellationToken.None);
        Func<CancellationToken, Task>[] loops =
        [
            TalkAsync, SayUsesAsync, WatchUsesAsync,
            _shelf.RunAsync, _releases.RunAsync, _namingFile.RunAsync, _selves.RunAsync, _execs.RunAsync, _cores.RunAsync,
            _relays.RunAsync, _measures.RunAsync, _logs.RunAsync,
            new KnownSetsLoop(_naming.Sets, _session.Say, _options.Time).RunAsync,
        ];
        Completion = LoopGuard.UntilEndedAsync(
            [_looping, .. loops.Select(loop => Task.Run(() => loop(_stop.Token), CancellationToken.None))],
            () => _stop.IsCancellationRequested || Volatile.Read(ref _stopping) == 1, EndAsync);
    }

    /// <summary>Written when it is new: a full disk keeps no agent from starting where one was before.</summary>
    private static void SaySocket(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
        {
            Disk.WriteAtomically(path, Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>
    /// The session says the agent's epoch, which the journal gives. It says what the host follows whole: a master that heard less
    /// would wait for nobody here meanwhile. A journal that cannot be written does not keep an agent silent, though.
    /// </summary>
    private async Task TalkAsync(CancellationToken stop)
    {
        var epoch = await _journal.Epoch.WaitAsync(stop);
        await Task.WhenAny(_naming.Known, Task.Delay(KnownWithin, _options.Time, stop));
        var description = ThisHost.Describe(_options, _cgroups) with { Share = ShareUrl };
        var hello = new AgentHello { Host = Host, AgentEpoch = epoch, Description = description };
        await _session.RunAsync(hello, stop);
    }

    /// <summary>
    /// What is confirmed is kept first: the next agent would else give out an older set, and who is not in the newer one may have
    /// been stopped by then.
    /// </summary>
    private void Confirm(NamingConfirmation word)
    {
        _namingFile.Save();
        _session.Confirm(word);
    }

    /// <summary>Nothing is said before it is known whom an earlier agent had to wait for.</summary>
    private async Task SayUsesAsync(CancellationToken stop)
    {
        await _naming.Known.WaitAsync(stop);
        await _subscribers.RunAsync(stop);
    }

    /// <summary>The first look is at what an earlier agent's processes still do: it ends what was open and is no more.</summary>
    private async Task WatchUsesAsync(CancellationToken stop)
    {
        await _naming.Known.WaitAsync(stop);
        await _useWatch.RunAsync(stop);
    }

    private async Task EndAsync(Exception died)
    {
        Log.LoopDied(_logger, Host, died);
        await _stop.CancelAsync();
    }

    private async Task ShutDownAsync()
    {
        // Requests are no longer waited for then, but a stop.command is.
        var grace = (_loop.State.Assignment?.Instances ?? [])
            .Select(i => i.Stop.Grace + (i.Stop.Command is null ? TimeSpan.Zero : i.Stop.DrainLimit)).DefaultIfEmpty().Max();
        using var late = new CancellationTokenSource(grace + StopMargin, _options.Time);
        try
        {
            await _inbox.PostAsync(new AgentInput.ShutDown(), late.Token);
            await _looping.WaitAsync(late.Token);
            await _session.SentAsync(LastWordsWithin);
        }
        catch (OperationCanceledException)
        {
            Log.NotAllStopped(_logger, Host);
        }
        catch (Exception e) when (_looping.IsFaulted)
        {
            Log.LoopDied(_logger, Host, e);
        }
    }

    /// <summary>Another one on each host, and the same after a restart.</summary>
    private static ulong SeedOf(HostId host) =>
        BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(host.Value)));

    private sealed class Observers(IAgentObserver[] observers) : IAgentObserver
    {
        public void Observe(AgentState state)
        {
            foreach (var observer in observers)
            {
                observer.Observe(state);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3001, LogLevel.Critical, "A loop of the agent of {Host} died, the agent ends; its processes run on")]
        public static partial void LoopDied(ILogger logger, HostId host, Exception? e);

        [LoggerMessage(3002, LogLevel.Error,
            "Not every instance of {Host} could be stopped in time; the agent ends without them")]
        public static partial void NotAllStopped(ILogger logger, HostId host);

        [LoggerMessage(3003, LogLevel.Warning,
            "Ports {From}-{To} reach into the kernel's ephemeral range (from {Ephemeral}): a client may take an instance's port")]
        public static partial void PortsMayBeTaken(ILogger logger, int from, int to, int ephemeral);
    }
}
