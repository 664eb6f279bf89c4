using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>Follows the logs of a service's instances, those that come later too.</summary>
internal static class LogFollower
{
    /// <summary>The longest a master holds a question open.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    /// <summary>Between two questions after one that failed: the instance moves, its host is silent.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <param name="only">Null: every instance.</param>
    /// <param name="begun">Those that were shown so far, with what goes on from there.</param>
    public static async Task RunAsync(
        MasterClient master, ServiceName service, InstanceId? only,
        IReadOnlyDictionary<InstanceId, LogTail> begun, LogQuery query, LogView view, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var followed = begun.ToDictionary(b => b.Key, b => FollowAsync(master, b.Key, b.Value.Rest, query, view, ending.Token));
        try
        {
            await foreach (var status in master.WatchStatusAsync(ending.Token))
            {
                var instances = status.Services.Where(
                    s => s.Service == service).SelectMany(s => s.Instances).Select(i => i.Instance);
                foreach (var instance in instances.Where(i => (only is null || i == only) && !followed.ContainsKey(i)))
                {
                    followed[instance] = FollowAsync(master, instance, query, view, ending.Token);
                }

                if (followed.Values.FirstOrDefault(t => t.IsFaulted) is { } faulted)
                {
                    await faulted;
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(followed.Values.Select(t => t.ContinueWith(_ => { }, TaskScheduler.Default)));
        }
    }

    private static async Task FollowAsync(
        MasterClient master, InstanceId instance, LogQuery query, LogView view, CancellationToken stop)
    {
        var tail = await LogReader.TailAsync(master, instance, query, follows: true, stop);
        view.Write(instance, tail.Lines, tail.Problem);
        await FollowAsync(master, instance, tail.Rest, query, view, stop);
    }

    private static async Task FollowAsync(
        MasterClient master, InstanceId instance, LogLines lines, LogQuery query, LogView view, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var chunk = await master.LogAsync(instance, lines.Next, LogReader.ChunkBytes, Wait, since: null, stop);
            if (chunk.Problem is not null)
            {
                await Task.Delay(Pause, stop);
                continue;
            }

            view.Write(instance, [.. lines.Take(chunk).Where(query.Wants)], problem: null);
        }
    }
}
