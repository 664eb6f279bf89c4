using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// A cluster with the service "web" under load, each step of which stands still while a test holds it: a process before it is
/// ready, a request before it is answered, a consumer before it confirms. So every phase of a change can be waited for, and what
/// happens in it has no race with its end.
/// </summary>
internal sealed class HeldCluster : IAsyncDisposable
{
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly HttpClient _slow = new();
    private readonly List<Task<string>> _underWay = [];
    private readonly List<string> _hosts = ["host1"];
    private readonly HeldService _service;
    private SteadyLoad? _load;
    private SlowConsumer? _consumer;

    private HeldCluster(HeldService service) => _service = service;

    public ProcessCluster Processes { get; } = new();

    public SteadyLoad Load => _load!;

    public SlowConsumer Consumer => _consumer!;

    /// <param name="update">The text of the service's update policy.</param>
    public static Task<HeldCluster> StartAsync(string update, params string[] versions) =>
        StartAsync(new HeldService(update), versions);

    public static async Task<HeldCluster> StartAsync(HeldService service, params string[] versions)
    {
        var held = new HeldCluster(service);
        try
        {
            await held.Processes.StartMasterAsync();
            await held.BeginAsync(versions);
            return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>Two hosts with two instances each. Who consumes is on host1.</summary>
    /// <param name="portOf">Where the agent of host2 reaches the master, by the master's own port.</param>
    public static async Task<HeldCluster> StartOnTwoAsync(
        string update, Func<int, int> portOf, params string[] versions)
    {
        var held = new HeldCluster(new HeldService(update) { Instances = 4 });
        try
        {
            await held.Processes.StartMasterAsync();
            held.Processes.StartNeighbour("host2", portOf(held.Processes.MasterPort));
            held._hosts.Add("host2");
            await held.BeginAsync(versions);
            return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_load is not null)
        {
            await _load.DisposeAsync();
        }

        if (_consumer is not null)
        {
            await _consumer.DisposeAsync();
        }

        await Processes.DisposeAsync();
        _slow.Dispose();
    }

    /// <param name="word">In the environment of each instance.</param>
    public string Yaml(string version, string update, string word = "none") => string.Create(CultureInfo.InvariantCulture, $$"""
        cluster: e2e
        services:
          web:
            release: {{version}}
            run: {{_service.Run}}
            instances: {{_service.Instances}}
            ports: { http: dynamic }
            probe: { {{_service.Probe}} }
            env: { E2E_MARK: {{Processes.Mark}}, E2E_SHARED: {{Processes.Shared("").TrimEnd('/')}}, WORD: {{word}} }
            restart: { max_delay: 1s }
            stop: { grace: 2s, drain: 1h }
            update: {{update}}

        """);

    public async Task AddHostAsync(string host)
    {
        Processes.StartNeighbour(host, Processes.MasterPort);
        _hosts.Add(host);
        await UntilConnectedAsync(_hosts.Count);
    }

    /// <summary>A file that the programs look for.</summary>
    public void Hold(string what) => File.WriteAllText(Processes.Shared("hold-" + what), "");

    public void LetGo(string what) => File.Delete(Processes.Shared("hold-" + what));

    /// <summary>A verb that is to succeed.</summary>
    public async Task<string> ZurgAsync(params string[] arguments)
    {
        var ran = await Processes.ZurgAsync(arguments);
        Assert.True(ran.ExitCode == 0, $"zurg {string.Join(' ', arguments)}: {ran}\n{Processes.Said}");
        return ran.Output;
    }

    /// <summary>A request that goes to this instance, and lasts while requests are held.</summary>
    public async Task AskSlowlyAsync(string instance)
    {
        var asked = (await SeeAsync()).Web.Instances.Single(i => i.Instance.Value == instance).Status!;
        var port = asked.Ports[new PortName("http")];
        var slow = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/slow"));
        _underWay.Add(_slow.GetStringAsync(slow));
    }

    public async Task<Sight> SeeAsync()
    {
        var status = await Processes.StatusAsync();
        return new Sight(status, status.Services.Single(s => s.Service.Value == "web"));
    }

    public async Task UntilAsync(string what, Func<Sight, bool> condition)
    {
        Sight? last = null;
        try
        {
            await DevFixture.Until(what, Soon, async () => condition(last = await SeeAsync()));
        }
        catch (Xunit.Sdk.XunitException e)
        {
            throw new InvalidOperationException($"{e.Message}\n{last}\n{await EventsAsync()}\n{Processes.Said}", e);
        }
    }

    public async Task<string> EventsAsync()
    {
        var events = await Processes.EventsAsync("limit=1000");
        return string.Join('\n', events.Select(e => $"{e.At:HH:mm:ss.fff} {e.Kind} {e.Host} {e.Text}"));
    }

    /// <summary>The phase comes, and is there again, with the same processes, after each of these deaths.</summary>
    public async Task OutlivesAsync(string phase, Func<Sight, bool> isThere, Deaths deaths = Deaths.MasterThenAgents)
    {
        await UntilAsync(phase, isThere);
        var running = Running();
        if (deaths == Deaths.AllAtOnce)
        {
            await KillAsync(phase, isThere, running, master: true, [.. _hosts]);
            return;
        }

        await KillAsync(phase, isThere, running, master: true, []);
        await KillAsync(phase, isThere, running, master: false, [.. _hosts]);
    }

    /// <summary>
    /// All is done: each instance runs this version, once, and nothing else does; none was ever doubled, no request failed.
    /// </summary>
    public async Task EndsWithAsync(string version, bool converged = true)
    {
        var all = Enumerable.Range(0, _service.Instances).Select(i => $"web.{i} with {version}").ToImmutableArray();
        await UntilAsync($"all run {version}", s => s.Cluster.Converged == converged && s.Web.Ready == _service.Instances
            && s.Web.Instances.All(i => i.Status?.Release.Version.Value == version)
            && Running().Values.Order().SequenceEqual(all));
        var said = (await SeeAsync()).Web.Instances.ToImmutableSortedDictionary(
            i => i.Status!.Pid!.Value, i => $"{i.Instance} with {version}");
        Assert.Equal(said, Running());
        Assert.False(File.Exists(Processes.Shared("doubled")), "an instance was doubled");
        if (_load is not null)
        {
            await AnswersGrowAsync();
            Assert.Empty(Load.Failed);
            Assert.All(await Task.WhenAll(_underWay).WaitAsync(Soon), a => Assert.NotEmpty(a));
        }
    }

    public Task AnswersGrowAsync() => Load.AnswersGrowAsync();

    /// <summary>By pid: the instance and the release of each process, as its own environment says.</summary>
    public ImmutableSortedDictionary<int, string> Running() => Processes.Marked().Keys
        .Select(pid => (Pid: pid, Own: ProcessCluster.EnvironmentOf(pid)))
        .Where(p => p.Own.ContainsKey("ZURG_INSTANCE"))
        .ToImmutableSortedDictionary(p => p.Pid, p => $"{p.Own["ZURG_INSTANCE"]} with {p.Own["ZURG_RELEASE"]}");

    /// <summary>The processes that run this version.</summary>
    public int[] Pids(string version) =>
        [.. Running().Where(p => p.Value.EndsWith($" with {version}", StringComparison.Ordinal)).Select(p => p.Key)];

    private async Task BeginAsync(string[] versions)
    {
        Processes.StartAgent();
        foreach (var version in versions)
        {
            Assert.True(await Processes.TryPushAsync("web", version, _service.Files(version)));
        }

        await UntilConnectedAsync(_hosts.Count);
        Assert.NotNull(await Processes.TryApplyAsync(Yaml(versions[0], _service.Update)));
        await EndsWithAsync(versions[0]);
        _load = new SteadyLoad(Processes.SocketPath, "web", _service.Attempts, _service.WaitForEndpoint);
        _consumer = await SlowConsumer.StartAsync(Processes, "web");
        var all = string.Join(' ', Enumerable.Range(0, _service.Instances).Select(i => $"web.{i}"));
        await UntilAsync("the consumer has heard of all", _ => Consumer.Seen.Contains(all + "\n", StringComparison.Ordinal));
        await AnswersGrowAsync();
    }

    private Task UntilConnectedAsync(int hosts) => DevFixture.Until("the hosts are there", Soon, async () =>
        (await Processes.StatusAsync()).Hosts.Count(h => h.Session == HostSession.Connected) == hosts);

    private async Task KillAsync(
        string phase, Func<Sight, bool> isThere, ImmutableSortedDictionary<int, string> running, bool master,
        ImmutableArray<string> hosts)
    {
        var before = _hosts.ToDictionary(h => h, h => hosts.Contains(h) ? 0 : Processes.SessionsOf(h));
        if (master)
        {
            Processes.KillMaster();
        }

        foreach (var host in hosts)
        {
            Kill(host);
        }

        foreach (var host in hosts)
        {
            Start(host);
        }

        if (master)
        {
            await Processes.StartMasterAsync();
        }

        // Not what the store has kept, but what is so again.
        var back = master ? _hosts : [.. hosts];
        var what = $"'{phase}' after the death of {(master ? "the master " : "")}{string.Join(' ', hosts)}";
        await UntilAsync(what, s => back.All(h => Processes.SessionsOf(h) > before[h])
            && s.Cluster.Hosts.All(h => h.Session == HostSession.Connected) && isThere(s));
        Assert.Equal(running, Running());
    }

    private void Kill(string host)
    {
        if (host == "host1")
        {
            Processes.KillAgent();
        }
        else
        {
            Processes.KillNeighbour(host);
        }
    }

    private void Start(string host)
    {
        if (host == "host1")
        {
            Processes.StartAgent();
        }
        else
        {
            Processes.StartNeighbour(host, Processes.MasterPort);
        }
    }
}

/// <summary>Who is killed.</summary>
internal enum Deaths
{
    MasterThenAgents,
    AllAtOnce,
}

/// <summary>What the API says at one moment.</summary>
internal sealed record Sight(ClusterStatus Cluster, ServiceStatus Web)
{
    public RolloutStatus Change => Web.Rollout!;

    public RolloutPhase Phase => Change.Rollout.Phase;

    public bool Holds(HoldReason reason, string text = "") =>
        Cluster.Holds.Any(h => h.Reason == reason && h.Text.Contains(text, StringComparison.Ordinal));

    /// <summary>Its process runs and is not ready.</summary>
    public bool Starts(string instance, string host = "host1") => Web.Instances.Any(i => i.Instance.Value == instance
        && i.Host.Value == host && i.Status is { Phase: InstancePhase.Starting, Pid: not null });

    public bool IsHeld(string instance, HoldReason reason) =>
        Web.Instances.Any(i => i.Instance.Value == instance && i.Status?.Hold?.Reason == reason);

    public override string ToString() => string.Join('\n', [
        $"converged: {Cluster.Converged}, rollout: {JsonSerializer.Serialize(Web.Rollout, WireJson.Default.RolloutStatus)}",
        .. Cluster.Holds.Select(h => $"{h.Reason}: {h.Text}"),
        .. Web.Instances.Select(i => $"{i.Instance} on {i.Host}: {i.Status?.Phase} {i.Status?.Release} {i.Status?.Hold?.Text}"),
    ]);
}
