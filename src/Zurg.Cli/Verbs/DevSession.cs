using System.Globalization;
using Zurg.Cli.Client;
using Zurg.Cli.Cluster;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>What dev and demo share: a cluster that lives as long as some work, and is taken down cleanly.</summary>
internal static class DevSession
{
    /// <summary>Runs the work beside the cluster and stops everything at its end, however it ends.</summary>
    public static async Task RunAsync(DevCluster cluster, VerbCall call, Func<CancellationToken, Task> work)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(call.Stop);
        var working = work(ending.Token);
        try
        {
            if (await Task.WhenAny(working, cluster.Completion) == cluster.Completion)
            {
                await cluster.Completion;
            }
            else
            {
                await working;
            }
        }
        finally
        {
            await ending.CancelAsync();
            call.Screen.Progress("stopping every process …");
            await Task.WhenAny(working); // its end, not its result: that was taken above
            await cluster.DisposeAsync();
            call.Screen.Progress("");
            call.Screen.Note("stopped: nothing of it runs any more");
        }
    }

    public static void Introduce(DevCluster cluster, Screen screen)
    {
        screen.Line(
            new Span(
                "cluster", Tone.Strong), $"  {Measures.Count(cluster.Hosts.Length, "host")}: {string.Join(", ", cluster.Hosts)}");
        screen.Line(new Span("API", Tone.Strong), $"      {cluster.Address.Master} (token in {cluster.Address.TokenFile})");
        screen.Line(new Span("state", Tone.Strong), $"    {cluster.Address.Directory} (may be removed when it is stopped)");
    }

    /// <summary>Shows events as they happen until it is stopped.</summary>
    public static async Task FollowAsync(DevCluster cluster, Action<EventRecord> show, CancellationToken stop)
    {
        using var client = new MasterClient(cluster.Address, null);
        var last = await EventSince.LastIdAsync(client, stop);
        var query = string.Create(CultureInfo.InvariantCulture, $"since={last}");
        await foreach (var happened in client.FollowEventsAsync(query, stop))
        {
            show(happened);
        }
    }
}
