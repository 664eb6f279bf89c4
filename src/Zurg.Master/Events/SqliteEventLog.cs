using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Events;

/// <summary>
/// What happened, in events.db: kept for people, never asked by a decision. One writer task; appends that wait together share one
/// transaction and its fsync. The oldest events go as <see cref="EventRetention"/> says.
/// </summary>
internal sealed partial class SqliteEventLog : IEventLog, IAsyncDisposable
{
    private const int QueueMax = 1024;
    private const int GroupMax = 256;
    private readonly Channel<Append> _appends = Channel.CreateBounded<Append>(QueueMax);
    private readonly string _connection;
    private readonly EventTable _table;
    private readonly ILogger _logger;
    private readonly Task _writer;
    private TaskCompletionSource _news = NewSignal();

    private SqliteEventLog(string connection, EventTable table, ILogger logger)
    {
        _logger = logger;
        _connection = connection;
        _table = table;
        _writer = Task.Run(WriteAsync, CancellationToken.None);
    }

    /// <exception cref="SqliteException">The file is no event log, or cannot be written.</exception>
    public static SqliteEventLog Open(string path, EventRetention retention, TimeProvider time, ILogger logger)
    {
        var connection = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        return new SqliteEventLog(connection, EventTable.Open(connection, retention, time), logger);
    }

    public async ValueTask AppendAsync(HostId? agent, ImmutableArray<EventRecord> events, CancellationToken stop)
    {
        if (events.IsEmpty)
        {
            return;
        }

        var append = new Append(agent, events, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _appends.Writer.WriteAsync(append, stop);
        await append.Done.Task.WaitAsync(stop);
    }

    /// <summary>In the order that the query says.</summary>
    public ImmutableArray<EventRecord> Query(EventQuery query)
    {
        using var connection = new SqliteConnection(_connection);
        connection.Open();
        return EventTable.Query(connection, query);
    }

    /// <summary>The newest id; 0 when there is none.</summary>
    public long LastId()
    {
        using var connection = new SqliteConnection(_connection);
        connection.Open();
        return EventTable.LastId(connection);
    }

    /// <summary>Those after an id, the oldest first, as many as come at once.</summary>
    public ImmutableArray<EventRecord> After(long id) => Query(new EventQuery { Since = id, Limit = EventQuery.LimitMax });

    /// <summary>What there is, then each new one, without polling; ends with <paramref name="stop"/>, by its exception.</summary>
    public async IAsyncEnumerable<EventRecord> FollowAsync(EventQuery query, [EnumeratorCancellation] CancellationToken stop)
    {
        // What happened in order of time; what is heard from then on as it comes in.
        var last = query.Since ?? LastId();
        var first = query.Since is null;
        while (true)
        {
            // Taken before the look: what is appended in between completes it.
            var news = Volatile.Read(ref _news).Task;
            var events = first ? Query(query).RemoveAll(e => e.Id > last) : Query(query with { Since = last });
            foreach (var record in events)
            {
                yield return record;
            }

            if (first)
            {
                first = false;
                continue;
            }

            last = events.IsEmpty ? last : events[^1].Id;
            if (events.Length < query.Limit)
            {
                await news.WaitAsync(stop);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _appends.Writer.TryComplete();
        await _writer;
        _table.Dispose();
    }

    private async Task WriteAsync()
    {
        var group = new List<Append>();
        while (await _appends.Reader.WaitToReadAsync(CancellationToken.None))
        {
            group.Clear();
            while (group.Count < GroupMax && _appends.Reader.TryRead(out var append))
            {
                group.Add(append);
            }

            try
            {
                _table.Insert(group.Select(a => (a.Agent, a.Events)));
                group.ForEach(a => a.Done.SetResult());
            }
            catch (SqliteException e)
            {
                // The appender decides whether to try again; a full disk must not end the log for good.
                Log.NotKept(_logger, group.Sum(a => a.Events.Length), e);
                group.ForEach(a => a.Done.SetException(new StoreFaultException($"the event log: {e.Message}", e)));
            }

            Interlocked.Exchange(ref _news, NewSignal()).SetResult();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(2401, LogLevel.Error, "{Count} events could not be kept")]
        public static partial void NotKept(ILogger logger, int count, Exception reason);
    }

    private sealed record Append(HostId? Agent, ImmutableArray<EventRecord> Events, TaskCompletionSource Done);
}
