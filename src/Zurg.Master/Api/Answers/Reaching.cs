using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>Lets an author see their own write: the answer waits, a little, until this server's view holds it.</summary>
internal static class Reaching
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(2);

    public static async Task ReachAsync(this IClusterView view, Revision revision, TimeProvider time, CancellationToken stop)
    {
        if (view.Current.State.Revision >= revision)
        {
            return;
        }

        using var late = new CancellationTokenSource(WaitMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            await foreach (var snapshot in view.WatchAsync(either.Token))
            {
                if (snapshot.State.Revision >= revision)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested || stop.IsCancellationRequested)
        {
            // What was committed is committed, seen or not.
        }
    }

    /// <summary>An event of the API's own. It tells of something that is done: a fault of the log must not deny that.</summary>
    public static async Task RecordAsync(this IEventLog events, EventRecord record)
    {
        try
        {
            await events.AppendAsync(agent: null, [record], CancellationToken.None);
        }
        catch (StoreFaultException)
        {
            // The log has said so itself.
        }
    }
}
