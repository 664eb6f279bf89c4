using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// A master and agents as processes of their own, to be killed like anything else. Everything that it started, and whatever
/// carries its mark in the environment, is gone at the end.
/// </summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    // Below the ephemeral ports, and above those of 'zurg dev'. Clusters of tests that run at the same time share none: a client
    // of one would be answered by an instance of another.
    private const int FirstPort = 30_000;
    private const int PortsOfHost = 50;
    private const int Ranges = 27;
    private static int s_clusters;

    private readonly string _directory = Directory.CreateTempSubdirectory("zurg-kill-").FullName;
    private readonly int _port = FreePort();
    private readonly List<StringBuilder> _said = [];
    private readonly Dictionary<string, (Process Process, StringBuilder Said)> _neighbours = [];
    private readonly int _firstPort = FirstPort + (Interlocked.Increment(ref s_clusters) % Ranges * PortsOfHost * 2);
    private readonly CancellationTokenSource _disposed = new();
    private Process? _master;
    private Process? _agent;
    private StringBuilder? _agentSaid;
    private HttpClient? _http;

    /// <summary>The value of E2E_MARK in the environment of every instance.</summary>
    public string Mark => Path.GetFileName(_directory);

    public HttpClient Http => _http!;

    public int MasterPort => _port;

    /// <summary>Of the agent of host1.</summary>
    public string SocketPath => Path.Combine(_directory, "a.sock");

    public string AgentDirectory => Path.Combine(_directory, "agent");

    /// <summary>Where the next agent of host1 reaches the master: a relay's port; null: the master's own.</summary>
    public int? AgentMasterPort { get; set; }

    /// <summary>What the next agent of host1 is run from; null: the launcher of this checkout.</summary>
    public string? AgentProgram { get; set; }

    /// <summary>Of the agent of host1 that was started last.</summary>
    public int AgentPid => _agent!.Id;

    /// <summary>A file in a directory that the instances may write to as well.</summary>
    public string Shared(string name) =>
        Path.Combine(Directory.CreateDirectory(Path.Combine(_directory, "shared")).FullName, name);

    public string Said => string.Join('\n', _said.Select(TextOf));

    public async Task StartMasterAsync()
    {
        var listen = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");
        _master = Start([], null, "master", "--dir", Path.Combine(_directory, "master"), "--listen", listen);
        _http ??= new HttpClient { BaseAddress = new Uri($"http://{listen}"), Timeout = Soon };
        await DevFixture.Until("the master answers", Soon, async () =>
        {
            Assert.False(_master.HasExited, Said);
            return await AnswersAsync();
        });
        var token = await File.ReadAllTextAsync(Path.Combine(_directory, "master/token"));
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
    }

    public void StartAgent(params ImmutableArray<(string Name, string Value)> environment) => StartFirst(environment);

    /// <summary>host1's agent shares with others.</summary>
    public void StartSharingAgent() => StartFirst([], "--share", "127.0.0.1:0");

    /// <summary>host1's agent runs no commands of others.</summary>
    public void StartClosedAgent() => StartFirst([], "--no-exec");

    /// <summary>Another host with an agent that shares.</summary>
    /// <param name="masterPort">Where it reaches the master.</param>
    public void StartNeighbour(string host, int masterPort)
    {
        var ports = PortsFrom(_firstPort + PortsOfHost);
        var process = Start(
            [], null, [.. AgentLine(host, masterPort, DirectoryOf(host), host + ".sock", ports), "--share", "127.0.0.1:0"]);
        _neighbours[host] = (process, _said[^1]);
    }

    /// <summary>SIGKILL to the agent of another host, and to all that it has started: the machine burns.</summary>
    public void Burn(string host)
    {
        KillHard(_neighbours[host].Process);
        foreach (var pid in MarkedOn(host))
        {
            KillPid(pid);
        }
    }

    /// <summary>Living instances of this cluster on one host.</summary>
    public IReadOnlyCollection<int> MarkedOn(string host)
    {
        var word = $"ZURG_HOST={host}\0";
        return [.. Marked().Keys.Where(pid => Read($"/proc/{Text(pid)}/environ").Contains(word, StringComparison.Ordinal))];
    }

    /// <summary>The agent's directory of another host.</summary>
    public string DirectoryOf(string host) => Path.Combine(_directory, host);

    /// <summary>Ends when the agent that was started last has said this.</summary>
    public async Task AgentSaysAsync(string text)
    {
        for (var began = Stopwatch.GetTimestamp(); !TextOf(_agentSaid!).Contains(text, StringComparison.Ordinal);
            await Task.Delay(5))
        {
            Assert.True(
                !_agent!.HasExited && Stopwatch.GetElapsedTime(began) < Soon, $"it never said '{text}':\n{TextOf(_agentSaid!)}");
        }
    }

    public void KillMaster() => KillHard(_master!);

    public void KillAgent() => KillHard(_agent!);

    public void KillNeighbour(string host) => KillHard(_neighbours[host].Process);

    public int NeighbourPid(string host) => _neighbours[host].Process.Id;

    /// <summary>How often the agent of a host that was started last has come into session with a master.</summary>
    public int SessionsOf(string host) =>
        TextOf(host == "host1" ? _agentSaid! : _neighbours[host].Said).Split("In session with").Length - 1;

    /// <summary>SIGTERM, and waits for its end.</summary>
    public async Task StopAgentAsync()
    {
        await SignalAsync(_agent!.Id, "TERM");
        using var patience = new CancellationTokenSource(Soon);
        await _agent.WaitForExitAsync(patience.Token);
        Assert.Equal(0, _agent.ExitCode);
    }

    /// <summary>Pushes a release of one file; true when that was acknowledged.</summary>
    public Task<bool> TryPushAsync(string name, string version, string content) =>
        TryPushAsync(name, version, ("run", Encoding.UTF8.GetBytes(content)));

    /// <summary>Pushes a release; all its files may be run. True when that was acknowledged.</summary>
    public async Task<bool> TryPushAsync(string name, string version, params ImmutableArray<(string Path, byte[] Bytes)> files)
    {
        const int all = 0b111_101_101;
        var named = files.Select(f => new ReleaseFile(f.Path, all, f.Bytes.Length, Digest.Of(f.Bytes))).ToImmutableArray();
        foreach (var (file, (_, bytes)) in named.Zip(files))
        {
            if (await TryPutAsync($"/v1/artifacts/{file.Digest}", new ByteArrayContent(bytes), ifMatch: null) is null)
            {
                return false;
            }
        }

        var manifest = new ReleaseManifest
        {
            Release = ReleaseId.Parse($"{name}@{version}"), Files = [.. named.OrderBy(f => f.Path, StringComparer.Ordinal)],
        };
        var push = JsonSerializer.Serialize(new ReleasePush(manifest), WireJson.Default.ReleasePush);
        var body = new StringContent(push, null, "application/json");
        return await TryPutAsync($"/v1/releases/{name}/{version}", body, ifMatch: null) is not null;
    }

    /// <summary>A verb of the command line against this master, in a directory of its own.</summary>
    public Task<Ran> ZurgAsync(params string[] arguments) => ZurgProgram.RunAsync(
        Shared(""),
        [.. arguments, "--master", $"http://127.0.0.1:{Text(_port)}", "--token-file", Path.Combine(_directory, "master/token")],
        _disposed.Token);

    /// <summary>The number of the spec; null when it was not acknowledged.</summary>
    public async Task<SpecNumber?> TryApplyAsync(string yaml)
    {
        var answer = await TryPutAsync("/v1/spec?author=e2e", new StringContent(yaml, null, "application/yaml"), ifMatch: "*");
        return answer is null ? null : JsonSerializer.Deserialize(answer, WireJson.Default.ApplyResult)!.Number;
    }

    /// <summary>Nothing is to run any more, and nothing of what ran is left.</summary>
    public async Task EmptyAsync()
    {
        Assert.NotNull(await TryApplyAsync("cluster: e2e\nservices: {}\n"));
        await DevFixture.Until("all are gone", Soon, () => Task.FromResult(Marked().Count == 0));
    }

    public async Task<ClusterStatus> StatusAsync()
    {
        var text = await Http.GetStringAsync(new Uri("/v1/status", UriKind.Relative));
        return JsonSerializer.Deserialize(text, WireJson.Default.ClusterStatus)!;
    }

    public async Task<ServiceStatus> ServiceAsync(string name) =>
        (await StatusAsync()).Services.Single(s => s.Service.Value == name);

    /// <param name="query">As in "service=web".</param>
    public async Task<ImmutableArray<EventRecord>> EventsAsync(string query)
    {
        var text = await Http.GetStringAsync(new Uri($"/v1/events?{query}", UriKind.Relative));
        return JsonSerializer.Deserialize(text, WireJson.Default.ImmutableArrayEventRecord);
    }

    /// <summary>Living processes with this cluster's mark, with their command lines.</summary>
    public IReadOnlyDictionary<int, string> Marked()
    {
        var found = new Dictionary<int, string>();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var pid)
                && Read($"{entry}/environ").Contains($"E2E_MARK={Mark}\0", StringComparison.Ordinal))
            {
                found[pid] = Read($"{entry}/cmdline").Replace('\0', ' ').Trim();
            }
        }

        return found;
    }

    /// <summary>Empty when the process is gone.</summary>
    public static IReadOnlyDictionary<string, string> EnvironmentOf(int pid) => Read($"/proc/{Text(pid)}/environ")
        .Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=', 2))
        .ToDictionary(v => v[0], v => v.Length > 1 ? v[1] : "", StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        // Verbs that a failed test left waiting.
        await _disposed.CancelAsync();
        foreach (var process in _neighbours.Values.Select(n => n.Process).Append(_agent).Append(_master))
        {
            if (process is { HasExited: false })
            {
                KillHard(process);
            }
        }

        foreach (var pid in Marked().Keys)
        {
            KillPid(pid);
        }

        _http?.Dispose();
        _disposed.Dispose();
        using var open = Process.Start("chmod", ["-R", "u+rwX", _directory]);
        await open.WaitForExitAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>By kill(1); STOP and CONT freeze a process and let it go on.</summary>
    public static async Task SignalAsync(int pid, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, Text(pid)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>SIGKILL, when it still lives.</summary>
    public static void KillPid(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static string TextOf(StringBuilder said)
    {
        lock (said)
        {
            return said.ToString();
        }
    }

    private void StartFirst(ImmutableArray<(string Name, string Value)> environment, params string[] more)
    {
        var line = AgentLine("host1", AgentMasterPort, AgentDirectory, "a.sock", PortsFrom(_firstPort));
        _agent = Start(environment, AgentProgram, [.. line, .. more]);
        _agentSaid = _said[^1];
    }

    private static string PortsFrom(int first) => $"{Text(first)}-{Text(first + PortsOfHost - 1)}";

    private string[] AgentLine(string host, int? masterPort, string directory, string socket, string ports) =>
    [
        "agent", "--master", $"http://127.0.0.1:{Text(masterPort ?? _port)}",
        "--token-file", Path.Combine(_directory, "master/token"), "--host", host, "--cell", "az1",
        "--dir", directory, "--socket", Path.Combine(_directory, socket), "--ports", ports,
    ];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private Process Start(
        ImmutableArray<(string Name, string Value)> environment, string? program, params string[] arguments)
    {
        var process = ZurgProgram.Start(_directory, arguments, environment, program);
        _said.Add(ZurgProgram.Collect(process));
        return process;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return (await Http.GetAsync(new Uri("/healthz", UriKind.Relative))).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>The text of a yes; null when the connection broke before it came. Any other answer fails the test.</summary>
    private async Task<string?> TryPutAsync(string path, HttpContent body, string? ifMatch)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = body };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        try
        {
            using var answer = await Http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
            return text;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return null;
        }
    }

    private static void KillHard(Process process)
    {
        process.Kill();
        process.WaitForExit();
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
