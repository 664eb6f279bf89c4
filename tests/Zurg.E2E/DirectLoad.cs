using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// Requests to instances, all the time, by clients that have met them once and ask no naming any more: so they find out whoever
/// answers though it should not. Naming hides that.
/// </summary>
internal sealed class DirectLoad : IAsyncDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = Soon }) { Timeout = Soon };
    private readonly List<Client> _clients = [];

    /// <summary>Every request that an instance has accepted, in the order of the answers.</summary>
    public ConcurrentQueue<DirectAnswer> Answers { get; } = [];

    /// <summary>By release: how often an instance said that it refuses.</summary>
    public ConcurrentDictionary<string, int> Refusals { get; } = new(StringComparer.Ordinal);

    /// <summary>Other answers than those two, in words. Nobody has to answer: who was met may be gone.</summary>
    public ConcurrentQueue<string> Failed { get; } = [];

    public int Refused(string release) => Refusals.GetValueOrDefault(release);

    public int Answered(string release) => Answers.Count(a => a.Release == release);

    /// <summary>From now on all that have this release are asked.</summary>
    public void Meet(ServiceStatus service, string release)
    {
        foreach (var status in service.Instances.Select(i => i.Status!).Where(s => s.Release.Version.Value == release))
        {
            var port = status.Ports.Values.Single();
            if (!_clients.Exists(c => c.Release == release && c.Port == port))
            {
                var stop = new CancellationTokenSource();
                _clients.Add(new Client(release, port, stop, AskAsync(release, port, stop.Token)));
            }
        }
    }

    /// <summary>
    /// Nobody who has this release is asked any more: what gets their ports next is somebody whom these clients never met.
    /// </summary>
    public async Task LeaveAsync(string release)
    {
        foreach (var client in _clients.Where(c => c.Release == release).ToList())
        {
            await EndAsync(client);
            _clients.Remove(client);
        }
    }

    public Task UntilRefusedAsync(string release, int times = 20) =>
        UntilMoreAsync($"{release} refuses", () => Refused(release), times);

    public Task UntilAnsweredAsync(string release, int times = 20) =>
        UntilMoreAsync($"{release} answers", () => Answered(release), times);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await EndAsync(client);
        }

        _http.Dispose();
    }

    private static async Task EndAsync(Client client)
    {
        await client.Stop.CancelAsync();
        await client.Asking;
        client.Stop.Dispose();
    }

    private async Task UntilMoreAsync(string what, Func<int> count, int times)
    {
        var before = count();
        await DevFixture.Until(
            $"{what} (failed: {string.Join("; ", Failed.Take(3))})", Soon, () => Task.FromResult(count() >= before + times));
    }

    private async Task AskAsync(string release, int port, CancellationToken stop)
    {
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
        while (!stop.IsCancellationRequested)
        {
            var asked = Stopwatch.GetTimestamp();
            try
            {
                using var answer = await _http.GetAsync(address, stop);
                var said = answer.Headers.TryGetValues("zurg-draining", out var marks) ? string.Join(',', marks) : "";
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    Answers.Enqueue(new DirectAnswer(release, asked, Stopwatch.GetTimestamp()));
                }
                else if (answer.StatusCode == HttpStatusCode.ServiceUnavailable
                    && said.EndsWith("; refused", StringComparison.Ordinal))
                {
                    Refusals.AddOrUpdate(release, 1, (_, count) => count + 1);
                }
                else
                {
                    Failed.Enqueue($"{release} at {port}: {(int)answer.StatusCode} {said}");
                }
            }
            catch (HttpRequestException e) when (IsGone(e))
            {
                // It has ended, or ends just now.
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                if (!stop.IsCancellationRequested)
                {
                    Failed.Enqueue($"{release} at {port}: {e.Message}");
                }
            }

            await Task.Delay(Between, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static bool IsGone(HttpRequestException e) =>
        e.HttpRequestError is HttpRequestError.ResponseEnded
        || e.GetBaseException() is SocketException
        {
            SocketErrorCode: SocketError.ConnectionRefused or SocketError.ConnectionReset or SocketError.Shutdown,
        };

    private sealed record Client(string Release, int Port, CancellationTokenSource Stop, Task Asking);
}

/// <param name="Asked">A time stamp, as is the other: it was accepted somewhere between them.</param>
internal sealed record DirectAnswer(string Release, long Asked, long Answered);
