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
    public static async Task RunAsync(
        MasterClient master, ServiceName service, InstanceId? only, int? lines, LogView view, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var followed = new Dictionary<InstanceId, Task>();
        try
        {
            await foreach (var status in master.WatchStatusAsync(ending.Token))
            {
                var instances = status.Services.Where(
                    s => s.Service == service).SelectMany(s => s.Instances).Select(i => i.Instance);
                foreach (var instance in instances.Where(i => (only is null || i == only) && !followed.ContainsKey(i)))
                {
                    followed[instance] = FollowAsync(master, instance, lines, view, ending.Token);
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
        MasterClient master, InstanceId instance, int? lines, LogView view, CancellationToken stop)
    {
        var tail = await LogReader.TailAsync(master, instance, lines, stop);
        view.Write(instance, tail);
        var next = tail.Next;
        var rest = "";
        while (!stop.IsCancellationRequested)
        {
            var chunk = await master.LogAsync(instance, next, LogReader.ChunkBytes, Wait, stop);
            next = chunk.Next;
            if (chunk.Problem is not null)
            {
                await Task.Delay(Pause, stop);
                continue;
            }

            var parts = (rest + chunk.Text).Split('\n');
            rest = parts[^1];
            view.Write(instance, new LogTail([.. parts.AsSpan(0, parts.Length - 1)], next, null));
        }
    }
}
