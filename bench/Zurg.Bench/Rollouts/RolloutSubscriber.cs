using System.Globalization;
using Zurg.Sdk;

namespace Zurg.Bench;

/// <summary>
/// A consumer that does everything itself, one thing after the other: it follows the service, goes to the endpoints that it
/// knows, in turn and over kept connections, and says that it uses a newer set only after it took it up. Frozen and continued,
/// its next request goes to what it knew before. It ends when its input does, and prints what it counted.
/// </summary>
internal static class RolloutSubscriber
{
    public const string Verb = "rollout-subscriber";

    public static async Task<int> RunAsync(string socketPath, string service)
    {
        var input = Task.Run(Console.In.ReadToEnd);
        await using var zurg = new ZurgClient(socketPath);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = RolloutClient.AnswerWithin };
        using var ended = new CancellationTokenSource();
        await using var sets = zurg.WatchAsync(service, ended.Token).GetAsyncEnumerator(CancellationToken.None);
        var (requests, failed, first) = (0L, 0L, "");
        var next = sets.MoveNextAsync().AsTask();
        await next;
        var (set, turn) = (sets.Current, 0);
        next = sets.MoveNextAsync().AsTask();
        await Console.Out.WriteLineAsync("follows");
        while (!input.IsCompleted)
        {
            if (next.IsCompletedSuccessfully)
            {
                // To ask for the one after is the confirmation.
                set = sets.Current;
                next = sets.MoveNextAsync().AsTask();
            }

            var endpoint = set.Endpoints[turn++ % set.Endpoints.Length];
            var url = string.Create(
                CultureInfo.InvariantCulture, $"http://{endpoint.Address}:{endpoint.Ports["http"]}{RolloutClient.Path(turn)}");
            requests++;
            if (await RolloutClient.TryAskAsync(http, new Uri(url), CancellationToken.None) is { } trouble)
            {
                failed++;
                first = first.Length == 0 ? $"{endpoint.Instance}: {trouble}" : first;
            }

            await Task.Delay(RolloutClient.Pause, CancellationToken.None);
        }

        await Console.Out.WriteLineAsync(
            string.Create(CultureInfo.InvariantCulture, $"{requests} {failed} {first.ReplaceLineEndings(" ")}"));
        await ended.CancelAsync();
        await next.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return 0;
    }
}
