using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Relay;

/// <summary>
/// One address of this host that programs connect to in place of a service: takes connections, says where each is carried to,
/// and sees to it that those to endpoints that are no longer listed end without harm.
/// </summary>
internal sealed partial class RelayListener : IAsyncDisposable
{
    /// <summary>So many connections at once; more wait in the kernel's queue until one ends.</summary>
    public const int ConnectionsMax = 10_000;

    /// <summary>Connections that the kernel keeps for the program to be accepted.</summary>
    private const int Backlog = 512;

    /// <summary>A connection waits so long for a ready endpoint before it is reset.</summary>
    public static readonly TimeSpan HoldFor = TimeSpan.FromSeconds(5);

    /// <summary>An endpoint that did not take a connection is picked last for so long.</summary>
    public static readonly TimeSpan AvoidFor = TimeSpan.FromSeconds(1);

    /// <summary>After an error of accept(2), such as too many open files.</summary>
    private static readonly TimeSpan AcceptAgainAfter = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _slots = new(ConnectionsMax);
    private readonly HashSet<RelayConnection> _connections = [];
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Socket _socket;
    private readonly Task _accepting;
    private Prng _prng;
    private ImmutableArray<RelayTarget> _targets = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _disposed;

    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public RelayListener(UseSpec use, TimeProvider time, ulong seed, ILogger logger)
    {
        (Use, _time, _prng, _logger) = (use, time, new Prng(seed), logger);
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _socket.Bind(new IPEndPoint(IPAddress.Parse(use.Address), use.Number));
            _socket.Listen(Backlog);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        _accepting = Task.Run(AcceptAsync, CancellationToken.None);
    }

    public UseSpec Use { get; }

    public RelayCounts Counts { get; } = new();

    public TimeProvider Time => _time;

    /// <summary>Connections that are open.</summary>
    public int Open
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Some connection is carried to an endpoint that is no longer listed: they are to be looked after.</summary>
    public bool HasUnlisted
    {
        get
        {
            lock (_lock)
            {
                return _connections.Any(c => c.IsUnlisted);
            }
        }
    }

    /// <summary>When it returns, nothing that begins now goes to an endpoint that is not in the set.</summary>
    public void Take(EndpointSet set)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            var before = _targets;
            var targets = ImmutableArray.CreateBuilder<RelayTarget>(set.Endpoints.Length);
            foreach (var endpoint in set.Endpoints)
            {
                if (RelayTarget.AddressOf(endpoint, Use.Port) is { } address)
                {
                    targets.Add(before.FirstOrDefault(t => t.TryTake(endpoint, address)) ?? new RelayTarget(endpoint, address));
                }
            }

            _targets = targets.ToImmutable();
            foreach (var gone in before.Except(_targets))
            {
                gone.Listed = false;
            }

            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.SetResult();
        Care();
    }

    /// <summary>
    /// Looks after connections to endpoints that are no longer listed. At all of them: which endpoint one has is certain only
    /// under its own lock.
    /// </summary>
    public void Care()
    {
        RelayConnection[] all;
        lock (_lock)
        {
            all = [.. _connections];
        }

        foreach (var connection in all)
        {
            connection.Care();
        }
    }

    /// <summary>Null when all of them were tried, or there is none.</summary>
    public RelayTarget? Pick(List<RelayTarget> tried)
    {
        var targets = Targets();
        var now = _time.GetTimestamp();
        var candidates = new RelayCandidate[targets.Length];
        for (var i = 0; i < targets.Length; i++)
        {
            var target = targets[i];
            candidates[i] = new RelayCandidate(target.Suspect, target.IsAvoided(now), tried.Contains(target), target.Connections);
        }

        return RelayChoice.Pick(candidates, Random) is { } picked ? targets[picked] : null;
    }

    public void Failed(RelayTarget target)
    {
        Counts.Failed();
        target.Avoid(_time.GetTimestamp() + (long)(AvoidFor.TotalSeconds * _time.TimestampFrequency));
    }

    /// <summary>Done when there is another set than now.</summary>
    public Task Changed()
    {
        lock (_lock)
        {
            return _changed.Task;
        }
    }

    /// <summary>The address is free when it returns; connections go on.</summary>
    public void Close()
    {
        _stop.Cancel();
        _socket.Dispose();
    }

    /// <summary>Its connections break.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Close();
        await _accepting;
        RelayConnection[] open;
        lock (_lock)
        {
            open = [.. _connections];
        }

        foreach (var connection in open)
        {
            connection.Abort();
        }

        await Task.WhenAll(open.Select(c => c.Ended));
        _slots.Dispose();
        _stop.Dispose();
    }

    private int Random(int exclusiveMax)
    {
        lock (_lock)
        {
            return _prng.Next(exclusiveMax);
        }
    }

    private ImmutableArray<RelayTarget> Targets()
    {
        lock (_lock)
        {
            return _targets;
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await _slots.WaitAsync(_stop.Token);
                Begin(await AcceptOneAsync(_stop.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // It was told to stop.
        }
    }

    private async Task<Socket> AcceptOneAsync(CancellationToken stop)
    {
        for (var told = false; ; told = true)
        {
            try
            {
                return await _socket.AcceptAsync(stop);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException && !stop.IsCancellationRequested)
            {
                if (!told)
                {
                    Log.NotAccepted(_logger, Use.Listen, e.Message);
                }
            }

            await Task.Delay(AcceptAgainAfter, _time, stop);
        }
    }

    private void Begin(Socket client)
    {
        Counts.Accepted();
        var connection = new RelayConnection(this, client);
        lock (_lock)
        {
            _connections.Add(connection);
        }

        connection.Begin(() =>
        {
            lock (_lock)
            {
                _connections.Remove(connection);
            }

            _slots.Release();
        });
    }

    private static partial class Log
    {
        [LoggerMessage(3501, LogLevel.Warning, "Connections to {Listen} cannot be taken, trying again: {Problem}")]
        public static partial void NotAccepted(ILogger logger, string listen, string problem);
    }
}

/// <summary>What a listener has seen since it was made.</summary>
internal sealed class RelayCounts
{
    private long _accepted;
    private long _failed;
    private long _refused;
    private long _moved;
    private long _closed;

    public long AcceptedTotal => Volatile.Read(ref _accepted);

    /// <summary>Endpoints that did not take a connection; another one was tried.</summary>
    public long FailedTotal => Volatile.Read(ref _failed);

    /// <summary>Connections of programs that were reset because no endpoint took them in time.</summary>
    public long RefusedTotal => Volatile.Read(ref _refused);

    /// <summary>Connections that stayed open while their instance was changed for another.</summary>
    public long MovedTotal => Volatile.Read(ref _moved);

    /// <summary>Idle connections of unknown protocols that were closed because their endpoint was withdrawn.</summary>
    public long ClosedTotal => Volatile.Read(ref _closed);

    public void Accepted() => Interlocked.Increment(ref _accepted);

    public void Failed() => Interlocked.Increment(ref _failed);

    public void Refused() => Interlocked.Increment(ref _refused);

    public void Moved() => Interlocked.Increment(ref _moved);

    public void Closed() => Interlocked.Increment(ref _closed);
}
