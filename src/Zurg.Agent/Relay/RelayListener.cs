using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Zurg.Protocol;

namespace Zurg.Agent.Relay;

/// <summary>
/// One address of this host that programs connect to in place of a service: takes connections, and sees to it that those to
/// endpoints that are no longer listed end without harm.
/// </summary>
internal sealed partial class RelayListener : IAsyncDisposable
{
    /// <summary>So many connections at once; more wait in the kernel's queue until one ends.</summary>
    public const int ConnectionsMax = 10_000;

    /// <summary>Connections that the kernel keeps for the program to be accepted.</summary>
    private const int Backlog = 512;

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
    private bool _disposed;

    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public RelayListener(UseSpec use, TimeProvider time, ulong seed, ILogger logger)
    {
        (Use, Targets, _time, _logger) = (use, new RelayTargets(use.Port, time, seed), time, logger);
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

    /// <summary>Where its connections may be carried to.</summary>
    public RelayTargets Targets { get; }

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
        Targets.Take(set);
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
