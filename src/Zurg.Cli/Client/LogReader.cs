using System.Net;
using System.Runtime.CompilerServices;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>Reads the log of one instance piece by piece, wherever the instance is by then.</summary>
internal sealed class LogReader(MasterClient master, InstanceId instance, LogQuery query)
{
    /// <summary>The most that a master sends at once.</summary>
    private const int ChunkBytes = 256 * 1024;

    /// <summary>How far back a tail looks for its lines; more must be asked for with --tail all.</summary>
    private const long TailBytesMax = 16 * 1024 * 1024;

    private LogLines _lines = new(instance);
    private HostId? _host;

    public InstanceId Instance => instance;

    /// <summary>Why the last question was not answered, in plain language; null when it was.</summary>
    public string? Problem { get; private set; }

    /// <summary>The lines that are there by now and are wanted.</summary>
    /// <param name="follows">A last line without an end is kept back until it is whole.</param>
    public async IAsyncEnumerable<LogLine> KeptAsync(bool follows, [EnumeratorCancellation] CancellationToken stop)
    {
        if (query.Lines is { } count)
        {
            foreach (var line in await TailAsync(count, follows, stop))
            {
                yield return line;
            }

            yield break;
        }

        await foreach (var line in FromAsync(0, follows, stop))
        {
            yield return line;
        }
    }

    /// <summary>What comes after that, within the wait; nothing when there is a problem.</summary>
    public async Task<IReadOnlyList<LogLine>> MoreAsync(TimeSpan wait, CancellationToken stop) =>
        await AskAsync(_lines.Next, wait, since: null, stop) is { } chunk ? [.. _lines.Take(chunk).Where(query.Wants)] : [];

    private async Task<IReadOnlyCollection<LogLine>> TailAsync(int count, bool follows, CancellationToken stop)
    {
        if (query is { Since: not null } or { Grep: not null })
        {
            return await LastAsync(0, count, follows, stop);
        }

        var before = 0L;
        for (long back = 64 * 1024; ; back *= 4)
        {
            // One more than wanted: the first line of a piece from the middle is rarely whole.
            var last = await LastAsync(-back, count + 1, follows, stop);

            // A log begins at 0, or where the oldest line is that is still kept.
            var begins = _lines.From == before || _lines.From is 0 or null;
            if (Problem is not null || last.Count > count || back >= TailBytesMax || begins)
            {
                return [.. last.Skip(!begins && last.Count <= count ? 1 : 0).TakeLast(count)];
            }

            before = _lines.From!.Value;
        }
    }

    private async Task<Queue<LogLine>> LastAsync(long offset, int count, bool follows, CancellationToken stop)
    {
        var last = new Queue<LogLine>();
        await foreach (var line in FromAsync(offset, follows, stop))
        {
            last.Enqueue(line);
            if (last.Count > count)
            {
                last.Dequeue();
            }
        }

        return last;
    }

    /// <summary>To where the log ended when this began: a process that writes faster than that has no other end.</summary>
    private async IAsyncEnumerable<LogLine> FromAsync(
        long offset, bool follows, [EnumeratorCancellation] CancellationToken stop)
    {
        _lines = new LogLines(instance);
        long? end = null;
        while (await AskAsync(offset, TimeSpan.Zero, query.Since, stop) is { } chunk)
        {
            end ??= chunk.End;
            foreach (var line in _lines.Take(chunk).Where(query.Wants))
            {
                yield return line;
            }

            offset = _lines.Next;
            if (chunk.Text.Length == 0 || offset >= end)
            {
                break;
            }
        }

        if (!follows && _lines.Unfinished is { } unfinished && query.Wants(unfinished))
        {
            yield return unfinished;
        }
    }

    /// <returns>Null: there is a problem.</returns>
    private async Task<LogChunk?> AskAsync(long offset, TimeSpan wait, DateTimeOffset? since, CancellationToken stop)
    {
        try
        {
            var chunk = await master.LogAsync(instance, query.Host, offset, ChunkBytes, wait, since, stop);
            if (chunk.Host is { } host && _host is { } last && host != last)
            {
                // It moved: the log on its new host counts from its own start, and may hold lines of an earlier stay.
                _host = host;
                _lines.GoOn();
                return await AskAsync(0, TimeSpan.Zero, _lines.Last, stop);
            }

            (_host, Problem) = (chunk.Host ?? _host, chunk.Problem);
            return chunk.Problem is null ? chunk : null;
        }
        catch (VerbFailedException e) when ((HttpStatusCode)e.HttpStatus is
            HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
        {
            // The host's or the instance's trouble, not that of the others.
            Problem = e.Message;
            return null;
        }
    }
}
