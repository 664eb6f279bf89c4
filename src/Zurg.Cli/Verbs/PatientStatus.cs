using System.Runtime.CompilerServices;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>
/// The cluster's status for something long: a master that goes away meanwhile is waited for, and the newest status comes again
/// each second, since a view counts seconds.
/// </summary>
internal static class PatientStatus
{
    /// <summary>So long a master may be away.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <exception cref="VerbFailedException">No master has answered for longer than <see cref="Patience"/>.</exception>
    public static async IAsyncEnumerable<ClusterStatus> WatchAsync(
        MasterClient master, VerbCall call, [EnumeratorCancellation] CancellationToken stop)
    {
        var time = call.Surroundings.Time;
        var heard = time.GetTimestamp();
        while (true)
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var answers = master.WatchStatusAsync(ending.Token).GetAsyncEnumerator(ending.Token);
            var next = answers.MoveNextAsync().AsTask();
            ClusterStatus? last = null;
            VerbFailedException? away = null;
            try
            {
                while (away is null)
                {
                    if (last is not null && await Task.WhenAny(next, Task.Delay(Beat, time, stop)) != next)
                    {
                        stop.ThrowIfCancellationRequested();
                        yield return last;
                        continue;
                    }

                    (away, var more) = await EndedAsync(next);
                    if (more)
                    {
                        last = answers.Current;
                        heard = time.GetTimestamp();
                        next = answers.MoveNextAsync().AsTask();
                        yield return last;
                    }
                }
            }
            finally
            {
                // An enumerator may not be given up while it moves.
                await ending.CancelAsync();
                await Task.WhenAny(next);
                await answers.DisposeAsync();
            }

            if (time.GetElapsedTime(heard) > Patience)
            {
                throw away;
            }

            if (last is not null)
            {
                call.Screen.Note($"{away.Message}; waiting for it");
            }

            await Task.Delay(Beat, time, stop);
        }
    }

    /// <summary>Only a master that is away, not one that refuses, is waited for.</summary>
    private static async Task<(VerbFailedException? Away, bool More)> EndedAsync(Task<bool> next)
    {
        try
        {
            return await next ? (null, true) : (new VerbFailedException("the master has ended the stream"), false);
        }
        catch (VerbFailedException e) when (e.HttpStatus == 0)
        {
            return (e, false);
        }
    }
}
