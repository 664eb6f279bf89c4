using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>
/// The master's API as methods. What the master refuses, and a master that does not answer, become
/// <see cref="VerbFailedException"/> with the master's own words.
/// </summary>
internal sealed class MasterClient : IDisposable
{
    private readonly HttpMessageInvoker http;
    private readonly string token;

    public MasterClient(ClusterAddress cluster, HttpMessageHandler? handler)
    {
        Cluster = cluster;
        token = cluster.ReadToken();
        // No proxy, cookies or tracing: each costs start-up time, and a token must not leave by a proxy.
        http = new HttpMessageInvoker(
            handler ?? new SocketsHttpHandler
            {
                UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null,
            },
            disposeHandler: handler is null);
    }

    public ClusterAddress Cluster { get; }

    public void Dispose() => http.Dispose();

    public Task<ClusterStatus> StatusAsync(CancellationToken stop) =>
        GetAsync("/v1/status", WireJson.Default.ClusterStatus, stop);

    public IAsyncEnumerable<ClusterStatus> WatchStatusAsync(CancellationToken stop) =>
        StreamAsync("/v1/status?watch=true", WireJson.Default.ClusterStatus, stop);

    public Task<ServiceExplanation> ExplainAsync(ServiceName service, CancellationToken stop) =>
        GetAsync($"/v1/services/{service}", WireJson.Default.ServiceExplanation, stop);

    public IAsyncEnumerable<EndpointSet> WatchEndpointsAsync(ServiceName service, CancellationToken stop) =>
        StreamAsync($"/v1/services/{service}/endpoints?watch=true", WireJson.Default.EndpointSet, stop);

    public Task<ImmutableArray<HostStatus>> HostsAsync(CancellationToken stop) =>
        GetAsync("/v1/hosts", WireJson.Default.ImmutableArrayHostStatus, stop);

    public Task<HostStatus> HostAsync(HostId host, CancellationToken stop) =>
        GetAsync($"/v1/hosts/{host}", WireJson.Default.HostStatus, stop);

    public Task<AlertStatus> AlertsAsync(CancellationToken stop) =>
        GetAsync("/v1/alerts", WireJson.Default.AlertStatus, stop);

    public Task<ImmutableArray<AlertTestResult>> TestAlertsAsync(CancellationToken stop) =>
        SendAsync(HttpMethod.Post, "/v1/alerts/test", null, WireJson.Default.ImmutableArrayAlertTestResult, stop);

    /// <param name="seen">The newest spec that the author had seen; null: whatever is newest.</param>
    public Task<ApplyResult> ApplyAsync(string text, bool plan, string author, SpecNumber? seen, CancellationToken stop) =>
        ApplyAsync(text, plan, author, seen, removeUsed: false, stop);

    public Task<ApplyResult> ApplyAsync(
        string text, bool plan, string author, SpecNumber? seen, bool removeUsed, CancellationToken stop)
    {
        var content = new StringContent(text, Encoding.UTF8, "application/yaml");
        var path = $"/v1/spec?plan={(plan ? "true" : "false")}&author={Uri.EscapeDataString(author)}{Removing(removeUsed)}";
        return SendAsync(HttpMethod.Put, path, content, WireJson.Default.ApplyResult, seen, stop);
    }

    public Task<AppliedSpec> SpecAsync(SpecNumber? number, CancellationToken stop) =>
        GetAsync(number is null ? "/v1/spec" : $"/v1/specs/{number}", WireJson.Default.AppliedSpec, stop);

    public Task<ImmutableArray<SpecSummary>> SpecsAsync(int limit, CancellationToken stop) =>
        GetAsync($"/v1/specs?limit={limit}", WireJson.Default.ImmutableArraySpecSummary, stop);

    public Task<ApplyResult> DiffAsync(SpecNumber from, SpecNumber to, CancellationToken stop) =>
        GetAsync($"/v1/specs/diff?from={from}&to={to}", WireJson.Default.ApplyResult, stop);

    public Task<ApplyResult> RevertAsync(
        SpecNumber to, string author, SpecNumber? seen, bool removeUsed, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Post, $"/v1/specs/revert?author={Uri.EscapeDataString(author)}{Removing(removeUsed)}",
            JsonOf(new RevertRequest(to), WireJson.Default.RevertRequest), WireJson.Default.ApplyResult, seen, stop);

    private static string Removing(bool used) => used ? "&remove_used=true" : "";

    public Task<ServiceUsers> UsersAsync(ServiceName service, CancellationToken stop) =>
        GetAsync($"/v1/services/{service}/users", WireJson.Default.ServiceUsers, stop);

    /// <param name="seenBefore">Clients last seen before this do not count; null: all count.</param>
    public Task<ActionAccepted> RetireAsync(
        ServiceName service, DateTimeOffset? seenBefore, string author, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Post,
            $"/v1/services/{service}/retire?author={Uri.EscapeDataString(author)}"
                + (seenBefore is { } time ? $"&seen_before={time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}" : ""),
            null, WireJson.Default.ActionAccepted, stop);

    /// <param name="action">restart, stop, start or unretire.</param>
    public Task<ActionAccepted> ActAsync(
        ServiceName service, string action, InstanceId? instance, string author, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Post,
            $"/v1/services/{service}/{action}?author={Uri.EscapeDataString(author)}"
                + (instance is null ? "" : $"&instance={instance}"),
            null, WireJson.Default.ActionAccepted, stop);

    public Task<ImmutableArray<RolloutStatus>> RolloutsAsync(CancellationToken stop) =>
        GetAsync("/v1/rollouts", WireJson.Default.ImmutableArrayRolloutStatus, stop);

    public Task<RolloutStatus> RolloutAsync(ServiceName service, CancellationToken stop) =>
        GetAsync($"/v1/services/{service}/rollout", WireJson.Default.RolloutStatus, stop);

    /// <param name="seen">The newest spec that the author had seen.</param>
    public Task<RolloutStarted> StartRolloutAsync(
        ServiceName service, string release, string author, SpecNumber? seen, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Post, $"/v1/services/{service}/rollout/start?author={Uri.EscapeDataString(author)}",
            JsonOf(new RolloutStart(release), WireJson.Default.RolloutStart), WireJson.Default.RolloutStarted, seen, stop);

    /// <param name="word">pause, resume, promote or abort.</param>
    public Task<ActionAccepted> SayOfRolloutAsync(
        ServiceName service, string word, string author, bool all, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Post,
            $"/v1/services/{service}/rollout/{word}?author={Uri.EscapeDataString(author)}{(all ? "&all=true" : "")}",
            null, WireJson.Default.ActionAccepted, stop);

    public Task<ActionAccepted> DrainAsync(HostId host, string? why, string author, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Post, $"/v1/hosts/{host}/drain?author={Uri.EscapeDataString(author)}",
            JsonOf(new HostDrain(why), WireJson.Default.HostDrain), WireJson.Default.ActionAccepted, stop);

    public Task<ActionAccepted> UndrainAsync(HostId host, string author, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Post, $"/v1/hosts/{host}/undrain?author={Uri.EscapeDataString(author)}",
            null, WireJson.Default.ActionAccepted, stop);

    public Task<ActionAccepted> LoseAsync(HostId host, string? why, string author, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Post, $"/v1/hosts/{host}/lost?author={Uri.EscapeDataString(author)}",
            JsonOf(new HostLoss(why), WireJson.Default.HostLoss), WireJson.Default.ActionAccepted, stop);

    public Task<LogChunk> LogAsync(
        InstanceId instance, HostId? host, long offset, int bytes, TimeSpan wait, DateTimeOffset? since,
        CancellationToken stop) =>
        GetAsync(
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"/v1/instances/{instance}/logs?offset={offset}&bytes={bytes}&wait={wait:c}")
                + (host is null ? "" : $"&host={host}")
                + (since is { } time ? $"&since={time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}" : ""),
            WireJson.Default.LogChunk, stop);

    public Task<ImmutableArray<ConfigVersion>> ConfigsAsync(InstanceId instance, CancellationToken stop) =>
        GetAsync($"/v1/instances/{instance}/configs", WireJson.Default.ImmutableArrayConfigVersion, stop);

    public Task<ConfigText> ConfigAsync(InstanceId instance, long number, CancellationToken stop) =>
        GetAsync($"/v1/instances/{instance}/configs/{number}", WireJson.Default.ConfigText, stop);

    public Task<InstanceEnv> EnvAsync(InstanceId instance, CancellationToken stop) =>
        GetAsync($"/v1/instances/{instance}/env", WireJson.Default.InstanceEnv, stop);

    /// <summary>A WebSocket.</summary>
    /// <param name="protocol">Offered as a subprotocol; whether the master took it the socket says.</param>
    public async Task<WebSocket> DialAsync(string path, string? protocol, CancellationToken stop)
    {
        var socket = new ClientWebSocket();
        if (protocol is not null)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        socket.Options.Proxy = null;
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        try
        {
            var address = new UriBuilder(new Uri(Cluster.Master, path));
            address.Scheme = address.Scheme == Uri.UriSchemeHttps ? "wss" : "ws";
            await socket.ConnectAsync(address.Uri, stop);
            return socket;
        }
        catch (WebSocketException e)
        {
            socket.Dispose();
            var away = e.InnerException is HttpRequestException { InnerException: SocketException };
            throw away && Cluster.Directory is { } directory
                ? ClusterLocator.NotRunning(directory)
                : new VerbFailedException($"the master at {Cluster.Master} did not answer: {e.Message}",
                    "look at its address and token");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public Task<ImmutableArray<EventRecord>> EventsAsync(string query, CancellationToken stop) =>
        GetAsync($"/v1/events?{query}", WireJson.Default.ImmutableArrayEventRecord, stop);

    public Task<History> HistoryAsync(string query, CancellationToken stop) =>
        GetAsync($"/v1/history?{query}", WireJson.Default.History, stop);

    public IAsyncEnumerable<EventRecord> FollowEventsAsync(string query, CancellationToken stop) =>
        StreamAsync($"/v1/events?{query}&follow=true", WireJson.Default.EventRecord, stop);

    public Task<ImmutableArray<ReleaseRecord>> ReleasesAsync(ReleaseName? name, CancellationToken stop) =>
        GetAsync(name is null ? "/v1/releases" : $"/v1/releases?name={name}", WireJson.Default.ImmutableArrayReleaseRecord, stop);

    public Task<ReleaseRecord> ReleaseAsync(ReleaseId release, CancellationToken stop) =>
        GetAsync($"/v1/releases/{release.Name}/{release.Version}", WireJson.Default.ReleaseRecord, stop);

    public Task<ReleaseManifest> ManifestAsync(ReleaseId release, CancellationToken stop) =>
        GetAsync($"/v1/releases/{release.Name}/{release.Version}/manifest", WireJson.Default.ReleaseManifest, stop);

    public Task<ReleasePushAnswer> PushAsync(ReleaseManifest manifest, string author, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Put,
            $"/v1/releases/{manifest.Release.Name}/{manifest.Release.Version}?author={Uri.EscapeDataString(author)}",
            JsonOf(new ReleasePush(manifest), WireJson.Default.ReleasePush), WireJson.Default.ReleasePushAnswer, stop);

    public Task<ReleaseRecord> SignAsync(ReleaseId release, ReleaseSign sign, string author, CancellationToken stop) =>
        SendAsync(
            HttpMethod.Put, $"/v1/releases/{release.Name}/{release.Version}/signature?author={Uri.EscapeDataString(author)}",
            JsonOf(sign, WireJson.Default.ReleaseSign), WireJson.Default.ReleaseRecord, stop);

    public Task<CoreList> CoresAsync(ServiceName? service, CancellationToken stop) =>
        GetAsync(service is null ? "/v1/cores" : $"/v1/cores?service={service}", WireJson.Default.CoreList, stop);

    public Task DownloadCoreAsync(CoreDump core, long offset, Func<Stream, Task> take, CancellationToken stop) =>
        DownloadAsync($"/v1/hosts/{core.Host}/cores/{core.Id}?offset={offset}", take, stop);

    public Task DownloadArtifactAsync(Digest digest, Func<Stream, Task> take, CancellationToken stop) =>
        DownloadAsync($"/v1/artifacts/{digest}", take, stop);

    /// <exception cref="IOException">The answer was broken off.</exception>
    private async Task DownloadAsync(string path, Func<Stream, Task> take, CancellationToken stop)
    {
        using var request = Request(HttpMethod.Get, path, content: null);
        using var answer = await SendAsync(request, stop);
        await using var bytes = await answer.Content.ReadAsStreamAsync(stop);
        await take(bytes);
    }

    public async Task UploadAsync(Digest digest, Stream bytes, CancellationToken stop)
    {
        using var content = new StreamContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var request = Request(HttpMethod.Put, $"/v1/artifacts/{digest}", content);
        using var answer = await SendAsync(request, stop);
    }

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken stop) =>
        SendAsync(HttpMethod.Get, path, null, type, stop);

    private Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, SpecNumber? seen, CancellationToken stop)
    {
        var request = Request(method, path, content);
        request.Headers.TryAddWithoutValidation("If-Match", seen is { } number ? $"\"{number}\"" : "*");
        return SendAsync(request, type, stop);
    }

    private Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken stop) =>
        SendAsync(Request(method, path, content), type, stop);

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken stop)
    {
        using (request)
        {
            using var answer = await SendAsync(request, stop);
            await using var body = await answer.Content.ReadAsStreamAsync(stop);
            return await JsonSerializer.DeserializeAsync(
                body, type, stop) ?? throw new VerbFailedException("the master's answer was empty");
        }
    }

    private async IAsyncEnumerable<T> StreamAsync<T>(
        string path, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken stop)
    {
        using var request = Request(HttpMethod.Get, path, null);
        using var answer = await SendAsync(request, stop);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(stop), Encoding.UTF8);
        while (await ReadLineAsync(reader, stop) is { } line)
        {
            if (line.Length > 0 && JsonSerializer.Deserialize(line, type) is { } item)
            {
                yield return item;
            }
        }

        stop.ThrowIfCancellationRequested();
        throw new VerbFailedException("the master has ended the stream", "ask again: it was restarted or stopped");
    }

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken stop)
    {
        try
        {
            return await reader.ReadLineAsync(stop);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            stop.ThrowIfCancellationRequested();
            return null;
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path, HttpContent? content)
    {
        var request = new HttpRequestMessage(method, new Uri(Cluster.Master, path)) { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request, stop);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            throw Cluster.Directory is { } directory
                ? ClusterLocator.NotRunning(directory)
                : new VerbFailedException($"no master answers at {Cluster.Master}", "is it running, and is the address right?");
        }
        catch (HttpRequestException e)
        {
            throw new VerbFailedException($"the master at {Cluster.Master} did not answer properly: {e.Message}");
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw await RefusalAsync(answer, stop);
        }
    }

    private static ByteArrayContent JsonOf<T>(T value, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private async Task<VerbFailedException> RefusalAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        var status = (int)answer.StatusCode;
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
        {
            return new VerbFailedException(
                $"the master at {Cluster.Master} does not know the token of {Cluster.TokenFile}",
                "name the right file with --token-file FILE")
            {
                HttpStatus = status,
            };
        }

        try
        {
            var bytes = await answer.Content.ReadAsByteArrayAsync(stop);
            if (JsonSerializer.Deserialize(bytes, WireJson.Default.ApiProblem) is { } problem)
            {
                return new VerbFailedException(
                    problem.Detail ?? problem.Title, problem.Mend) { Problems = problem.Problems, HttpStatus = status };
            }
        }
        catch (JsonException)
        {
            // Somebody else's server, or a proxy's page.
        }

        return new VerbFailedException($"the master answered {status} {answer.ReasonPhrase}") { HttpStatus = status };
    }
}
