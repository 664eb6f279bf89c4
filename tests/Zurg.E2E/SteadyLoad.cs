using System.Collections.Concurrent;
using Zurg.Sdk;

namespace Zurg.E2E;

/// <summary>
/// Requests to a service, all the time, by an application of a host: one attempt each, so that nothing is hidden by another.
/// </summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private const int Workers = 4;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private readonly CancellationTokenSource _ending = new();
    private readonly ZurgClient _client;
    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly Task _running;
    private int _answered;

    /// <param name="attemptsMax">Of each request; more than one hides what a client that tries again does not notice.</param>
    /// <param name="wait">While nobody is listed; null: as long as the SDK waits by itself.</param>
    public SteadyLoad(string socketPath, string service, int attemptsMax = 1, TimeSpan? wait = null)
    {
        _client = new ZurgClient(socketPath);
        var usual = new ZurgHandlerOptions { AttemptsMax = attemptsMax };
        _http = new HttpClient(_client.CreateHandler(usual with { WaitForEndpoint = wait ?? usual.WaitForEndpoint }));
        _address = new Uri($"http://{service}/");
        _running = Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => AskAsync()));
    }

    public int Answered => Volatile.Read(ref _answered);

    /// <summary>What went wrong, in words.</summary>
    public ConcurrentQueue<string> Failed { get; } = [];

    /// <summary>How often each text was the answer.</summary>
    public ConcurrentDictionary<string, int> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>Until some more requests are answered than now.</summary>
    public async Task AnswersGrowAsync()
    {
        var before = Answered;
        await DevFixture.Until("requests are answered", Soon, () => Task.FromResult(Answered > before + 20));
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _http.Dispose();
        await _client.DisposeAsync();
        _ending.Dispose();
    }

    private async Task AskAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                var text = await _http.GetStringAsync(_address, _ending.Token);
                Answers.AddOrUpdate(text, 1, (_, count) => count + 1);
                Interlocked.Increment(ref _answered);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                if (!_ending.IsCancellationRequested)
                {
                    Failed.Enqueue($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {e.Message}");
                }
            }

            await Task.Delay(Between);
        }
    }
}
