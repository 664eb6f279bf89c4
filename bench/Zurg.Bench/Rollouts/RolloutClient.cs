using System.Globalization;

namespace Zurg.Bench;

/// <summary>Steady load of one kind on the service that is rolled out, and its account.</summary>
/// <param name="makeHttp">A worker's own client: kept connections are not shared.</param>
internal sealed class RolloutClient(string name, Uri address, Func<HttpClient> makeHttp)
{
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    /// <summary>Between an answer and the next request of a worker.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private const int SlowEvery = 20;
    private const int KeptTroubles = 50;

    private readonly List<string> _troubles = [];
    private long _requests;
    private long _failed;

    public string Name => name;

    public long Requests => Interlocked.Read(ref _requests);

    public long Failed => Interlocked.Read(ref _failed);

    public IReadOnlyList<string> Troubles
    {
        get
        {
            lock (_troubles)
            {
                return [.. _troubles];
            }
        }
    }

    /// <summary>What is asked: mostly quick, sometimes a request that is under way for longer.</summary>
    public static string Path(long number) => number % SlowEvery == 0 ? "/work?ms=150" : "/work?ms=2";

    /// <summary>
    /// One request, never repeated here: a POST with content, which no transport may send twice once a server may have acted
    /// on it.
    /// </summary>
    /// <returns>Null when it was answered with 200.</returns>
    public static async Task<string?> TryAskAsync(HttpClient http, Uri url, CancellationToken stop)
    {
        try
        {
            using var content = new ByteArrayContent("0123456789abcdef"u8.ToArray());
            using var answer = await http.PostAsync(url, content, stop);
            await answer.Content.ReadAsByteArrayAsync(stop);
            return answer.IsSuccessStatusCode ? null : string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode}");
        }
        catch (HttpRequestException e)
        {
            return $"{e.Message} ({(e.InnerException ?? e).Message})";
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"no answer within {AnswerWithin.TotalSeconds:0} s";
        }
    }

    /// <summary>Until it is to stop; the last request of each worker is finished.</summary>
    public Task RunAsync(int workers, CancellationToken stop) =>
        Task.WhenAll(
            Enumerable.Range(0, workers).Select(worker => Task.Run(() => AskAsync(worker, stop), CancellationToken.None)));

    private async Task AskAsync(int worker, CancellationToken stop)
    {
        using var http = makeHttp();
        http.Timeout = AnswerWithin;
        for (long number = worker * 5; !stop.IsCancellationRequested; number++)
        {
            var trouble = await TryAskAsync(http, new Uri(address, Path(number)), CancellationToken.None);
            Interlocked.Increment(ref _requests);
            if (trouble is not null)
            {
                Interlocked.Increment(ref _failed);
                Keep(trouble);
            }

            await Task.Delay(Pause, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Keep(string trouble)
    {
        lock (_troubles)
        {
            if (_troubles.Count < KeptTroubles)
            {
                _troubles.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {name}: {trouble}"));
            }
        }
    }
}
