using System.Threading.Channels;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>Follows the logs of a service's instances, those that come later too, over restarts and moves.</summary>
internal sealed class LogFollower(MasterClient master, LogTarget target, LogQuery query, LogView view, TimeProvider time)
{
    /// <summary>So long a question is held open; as late the lines of an instance may be that moved to another host.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    /// <summary>Between two questions after one that failed: the instance moves, its host is silent.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Pieces that wait to be shown; readers wait when there are more.</summary>
    private const int HeardMax = 64;

    private readonly Channel<Heard> _heard = Channel.CreateBounded<Heard>(HeardMax);
    private readonly Dictionary<InstanceId, Task> _followed = [];

    /// <param name="begun">Those that were shown so far.</param>
    public async Task RunAsync(IReadOnlyList<LogReader> begun, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watching = WatchAsync(begun, ending.Token);
        try
        {
            await ShowAsync(watching, ending.Token);
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(_followed.Values.Append(watching)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ShowAsync(Task watching, CancellationToken stop)
    {
        var order = new LogOrder(time);
        var heard = _heard.Reader.WaitToReadAsync(stop).AsTask();
        while (true)
        {
            // The watch never ends but by a fault: then it is over.
            using var due = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var waiting = order.DueIn is { } wait ? Task.Delay(wait, time, due.Token) : Task.Delay(Timeout.Infinite, due.Token);
            await await Task.WhenAny(heard, waiting, watching);
            await due.CancelAsync();
            if (heard.IsCompleted)
            {
                // A fault of a reader is thrown here.
                await heard;
                while (_heard.Reader.TryRead(out var piece))
                {
                    Take(piece, order);
                }

                heard = _heard.Reader.WaitToReadAsync(stop).AsTask();
            }

            view.Write(order.Due(alone: target.Instance is not null));
        }
    }

    private void Take(Heard piece, LogOrder order)
    {
        foreach (var line in piece.Lines)
        {
            order.Add(line);
        }

        if (piece.Note is { } note)
        {
            view.Note(note);
        }
    }

    private async Task WatchAsync(IReadOnlyList<LogReader> begun, CancellationToken stop)
    {
        foreach (var reader in begun)
        {
            _followed[reader.Instance] = FollowAsync(reader, isNew: false, stop);
        }

        await foreach (var status in master.WatchStatusAsync(stop))
        {
            var placed = status.Services.Where(s => s.Service == target.Service).SelectMany(s => s.Instances);
            foreach (var instance in placed.Where(target.Has).Select(i => i.Instance).Where(i => !_followed.ContainsKey(i)))
            {
                _followed[instance] = FollowAsync(new LogReader(master, instance, query), isNew: true, stop);
            }
        }
    }

    private async Task FollowAsync(LogReader reader, bool isNew, CancellationToken stop)
    {
        try
        {
            string? told = isNew ? null : reader.Problem;
            if (isNew)
            {
                var kept = new List<LogLine>();
                await foreach (var line in reader.KeptAsync(follows: true, stop))
                {
                    kept.Add(line);
                }

                await _heard.Writer.WriteAsync(new Heard(kept, null), stop);
            }

            while (true)
            {
                var lines = await reader.MoreAsync(Wait, stop);
                var note = NoteOf(reader, told);
                if (lines.Count > 0 || note is not null)
                {
                    await _heard.Writer.WriteAsync(new Heard(lines, note), stop);
                }

                told = reader.Problem;
                if (told is not null)
                {
                    await Task.Delay(Pause, time, stop);
                }
            }
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            _heard.Writer.TryComplete(e);
        }
    }

    /// <summary>Once when it falls silent, and once when it is back.</summary>
    private static string? NoteOf(LogReader reader, string? told) => (reader.Problem, told) switch
    {
        ({ } problem, null) => $"{reader.Instance}: {problem}",
        (null, { }) => $"{reader.Instance}: its lines come again",
        _ => null,
    };

    private sealed record Heard(IReadOnlyList<LogLine> Lines, string? Note);
}
