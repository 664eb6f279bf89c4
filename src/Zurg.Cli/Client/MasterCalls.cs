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
/// Requests to a master with the cluster's token, and its answers. What the master refuses, and a master that does not answer,
/// become <see cref="VerbFailedException"/> with the master's own words.
/// </summary>
internal sealed class MasterCalls : IDisposable
{
    private readonly ClusterAddress cluster;
    private readonly HttpMessageInvoker http;
    private readonly string token;

    public MasterCalls(ClusterAddress cluster, HttpMessageHandler? handler)
    {
        this.cluster = cluster;
        token = cluster.ReadToken();
        // No proxy, cookies or tracing: each costs start-up time, and a token must not leave by a proxy.
        http = new HttpMessageInvoker(
            handler ?? new SocketsHttpHandler
            {
                UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null,
            },
            disposeHandler: handler is null);
    }

    public void Dispose() => http.Dispose();

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken stop) =>
        SendAsync(HttpMethod.Get, path, null, type, stop);

    public Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken stop) =>
        SendAsync(Request(method, path, content), type, stop);

    /// <summary>A change of the spec, refused when somebody else changed it first.</summary>
    /// <param name="seen">The newest spec that its author has seen; null: whatever is newest.</param>
    public Task<T> SendGuardedAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, SpecNumber? seen, CancellationToken stop)
    {
        var request = Request(method, path, content);
        request.Headers.TryAddWithoutValidation("If-Match", seen is { } number ? $"\"{number}\"" : "*");
        return SendAsync(request, type, stop);
    }

    /// <summary>Until <paramref name="stop"/>: a stream that the master ends is a failure.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(
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

    /// <exception cref="IOException">The answer was broken off.</exception>
    public async Task DownloadAsync(string path, Func<Stream, Task> take, CancellationToken stop)
    {
        using var request = Request(HttpMethod.Get, path, content: null);
        using var answer = await SendAsync(request, stop);
        await using var bytes = await answer.Content.ReadAsStreamAsync(stop);
        await take(bytes);
    }

    public async Task UploadAsync(string path, Stream bytes, CancellationToken stop)
    {
        using var content = new StreamContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var request = Request(HttpMethod.Put, path, content);
        using var answer = await SendAsync(request, stop);
    }

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
            var address = new UriBuilder(new Uri(cluster.Master, path));
            address.Scheme = address.Scheme == Uri.UriSchemeHttps ? "wss" : "ws";
            await socket.ConnectAsync(address.Uri, stop);
            return socket;
        }
        catch (WebSocketException e)
        {
            socket.Dispose();
            var away = e.InnerException is HttpRequestException { InnerException: SocketException };
            throw away && cluster.Directory is { } directory
                ? ClusterLocator.NotRunning(directory)
                : new VerbFailedException($"the master at {cluster.Master} did not answer: {e.Message}",
                    "look at its address and token");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static ByteArrayContent JsonOf<T>(T value, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

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

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request, stop);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            throw cluster.Directory is { } directory
                ? ClusterLocator.NotRunning(directory)
                : new VerbFailedException($"no master answers at {cluster.Master}", "is it running, and is the address right?");
        }
        catch (HttpRequestException e)
        {
            throw new VerbFailedException($"the master at {cluster.Master} did not answer properly: {e.Message}");
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

    private HttpRequestMessage Request(HttpMethod method, string path, HttpContent? content)
    {
        var request = new HttpRequestMessage(method, new Uri(cluster.Master, path)) { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return request;
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

    private async Task<VerbFailedException> RefusalAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        var status = (int)answer.StatusCode;
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
        {
            return new VerbFailedException(
                $"the master at {cluster.Master} does not know the token of {cluster.TokenFile}",
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
