using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Zurg.Sdk;

namespace Zurg.Bench;

/// <summary>Remembers for each instance when it was asked last, and whether somebody would still ask it.</summary>
internal interface IOfflineConsumer : IAsyncDisposable
{
    /// <summary>As <see cref="Stopwatch.GetTimestamp"/> counts; 0: never.</summary>
    long LastAttempt(string instance);
}

/// <summary>An application with the SDK that asks all the time; one attempt a request, so that each is seen.</summary>
internal sealed class SdkConsumer : IOfflineConsumer
{
    private const int Workers = 2;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(1);

    private readonly ConcurrentDictionary<string, long> _last = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private readonly ZurgClient _client;
    private readonly HttpClient _http;
    private readonly Task _running;

    public SdkConsumer(string socketPath, string service)
    {
        _client = new ZurgClient(socketPath);
        _http = new HttpClient(_client.CreateHandler(new ZurgHandlerOptions { AttemptsMax = 1 }));
        var address = new Uri($"http://{service}/");
        _running = Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(() => AskAsync(address))));
    }

    public long LastAttempt(string instance) => _last.GetValueOrDefault(instance);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _http.Dispose();
        await _client.DisposeAsync();
        _ending.Dispose();
    }

    private async Task AskAsync(Uri address)
    {
        while (!_ending.IsCancellationRequested)
        {
            var asked = Stopwatch.GetTimestamp();
            string? instance = null;
            try
            {
                instance = await _http.GetStringAsync(address);
            }
            catch (ServiceUnavailableException e)
            {
                instance = e.Attempts is [var attempt, ..] ? attempt.Instance : null;
            }
            catch (HttpRequestException)
            {
                // An answer that broke off in the middle: who it was is not known, and it was asked before it ended.
            }

            if (instance is not null)
            {
                _last.AddOrUpdate(instance, asked, (_, before) => Math.Max(before, asked));
            }

            await Task.Delay(Between);
        }
    }
}

/// <summary>
/// A program that reads the stream of the local socket and would ask whatever is ready in the newest line, without a pause: its
/// last attempt is when the first line without the instance has come.
/// </summary>
internal sealed class StreamReaderConsumer : IOfflineConsumer
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<string, long> _left = new(StringComparer.Ordinal);
    private readonly HttpClient _http;
    private readonly Task _running;
    private volatile HashSet<string> _ready = [];

    public StreamReaderConsumer(string socketPath, string service)
    {
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        _running = ReadAsync(new Uri($"http://agent/v1/services/{service}?watch=true"));
    }

    public long LastAttempt(string instance) =>
        _ready.Contains(instance) ? Stopwatch.GetTimestamp() : _left.GetValueOrDefault(instance);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _http.Dispose();
        _ending.Dispose();
    }

    // An agent that is away changes nothing: the last known line stays in use.
    private async Task ReadAsync(Uri address)
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(address);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                await Task.WhenAny(Task.Delay(Again, _ending.Token));
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task FollowAsync(Uri address)
    {
        using var reader = new StreamReader(await _http.GetStreamAsync(address, _ending.Token));
        while (await reader.ReadLineAsync(_ending.Token) is { } line)
        {
            var now = Stopwatch.GetTimestamp();
            using var set = JsonDocument.Parse(line);
            HashSet<string> ready =
            [
                .. set.RootElement.GetProperty("endpoints").EnumerateArray()
                    .Where(e => e.GetProperty("state").GetString() == "ready")
                    .Select(e => e.GetProperty("instance").GetString()!),
            ];
            foreach (var gone in _ready.Except(ready))
            {
                _left[gone] = now;
            }

            _ready = ready;
        }
    }
}
