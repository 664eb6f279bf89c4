using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Usage;

/// <summary>
/// Who used what, in uses.db beside the event log: history, so not in the store. Sessions leave their newest word in a slot and
/// hear back once it is durable; until then the agent keeps it.
/// </summary>
internal sealed partial class UseLog : IAsyncDisposable
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly string _connection;
    private readonly UseTable _table;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _writer;
    private Dictionary<HostId, (HostUses Uses, Action<long> Kept)> _words = [];
    private DateTimeOffset _forgot;

    private UseLog(string connection, UseTable table, TimeProvider time, ILogger logger)
    {
        (_connection, _table, _time, _logger) = (connection, table, time, logger);
        _writer = Task.Run(WriteAsync, CancellationToken.None);
    }

    /// <exception cref="SqliteException">The file is none of ours, or cannot be written.</exception>
    public static UseLog Open(string path, TimeProvider time, ILogger logger)
    {
        var connection = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        return new UseLog(connection, UseTable.Open(connection), time, logger);
    }

    /// <summary>A host's newest word, which holds all of an older one that is not kept yet. Does not wait.</summary>
    /// <param name="kept">Is told the word's number once it is durable.</param>
    public void Take(HostId host, HostUses uses, Action<long> kept)
    {
        lock (_lock)
        {
            _words[host] = (uses, kept);
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>What is known of one service, and since when each host watches.</summary>
    /// <exception cref="StoreFaultException">It cannot be read.</exception>
    public (ImmutableArray<KeptSighting> Sightings, ImmutableArray<HostWatch> Watches) Read(ServiceName service)
    {
        try
        {
            using var connection = new SqliteConnection(_connection);
            connection.Open();
            return (UseTable.Of(connection, service), UseTable.Watches(connection));
        }
        catch (SqliteException e)
        {
            throw new StoreFaultException($"the log of uses: {e.Message}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writer;
        _table.Dispose();
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        var told = false;
        try
        {
            while (await _signal.Reader.WaitToReadAsync(_stop.Token))
            {
                _signal.Reader.TryRead(out _);
                var words = TakeAll();
                try
                {
                    Write(words);
                    told = false;
                }
                catch (SqliteException e)
                {
                    // Nobody is told that it is kept, so every agent still has it: what is newer comes in its place.
                    if (!told)
                    {
                        Log.NotKept(_logger, e);
                        told = true;
                    }

                    PutBack(words);
                    await Task.Delay(RetryAfter, _time, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // What was not written is still with its agents.
        }
    }

    private void Write(Dictionary<HostId, (HostUses Uses, Action<long> Kept)> words)
    {
        var now = _time.GetUtcNow();
        _table.Put(words.Select(w => (w.Key, w.Value.Uses)), now);
        if ((now - _forgot).Duration() >= ForgetEvery)
        {
            _table.Forget(now - UseBook.KeptFor);
            _forgot = now;
        }

        foreach (var (uses, kept) in words.Values)
        {
            kept(uses.Number);
        }
    }

    private Dictionary<HostId, (HostUses Uses, Action<long> Kept)> TakeAll()
    {
        lock (_lock)
        {
            var words = _words;
            _words = [];
            return words;
        }
    }

    private void PutBack(Dictionary<HostId, (HostUses Uses, Action<long> Kept)> words)
    {
        lock (_lock)
        {
            foreach (var (host, word) in words)
            {
                _words.TryAdd(host, word);
            }
        }

        _signal.Writer.TryWrite(true);
    }

    private static partial class Log
    {
        [LoggerMessage(2451, LogLevel.Error, "Who uses what could not be kept, trying again; agents hold it meanwhile")]
        public static partial void NotKept(ILogger logger, Exception reason);
    }
}
