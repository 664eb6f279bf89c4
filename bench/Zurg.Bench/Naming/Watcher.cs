using System.Net;
using System.Net.Sockets;

namespace Zurg.Bench;

/// <summary>What a watcher says and understands on its connection.</summary>
internal interface INamingWatch
{
    /// <summary>The first words.</summary>
    ReadOnlyMemory<byte> Request { get; }

    /// <summary>Takes whole messages out of the bytes that have come in.</summary>
    /// <param name="marker">What to look for in them.</param>
    /// <param name="isOpen">The server has begun to watch.</param>
    /// <param name="hasSeen">The marker was in one.</param>
    /// <param name="answer">What the protocol wants to be said now; empty: nothing.</param>
    /// <returns>Bytes that are understood and may be forgotten.</returns>
    int Read(ReadOnlySpan<byte> received, ReadOnlySpan<byte> marker, out bool isOpen, out bool hasSeen, out byte[] answer);
}

/// <summary>
/// One connection that waits for changes, with as little of its own as may be: what it uses, the server beside it does not get.
/// </summary>
internal sealed class Watcher(WatcherProgram program, INamingWatch watch)
{
    private const int BytesMax = 4096;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _buffer = new byte[BytesMax];
    private int _filled;
    private int _seen;

    /// <summary>Done when the server has begun to watch for it.</summary>
    public async Task OpenAsync(IPEndPoint address)
    {
        await _socket.ConnectAsync(address);
        await _socket.SendAsync(watch.Request);
        var receiving = new SocketAsyncEventArgs();
        receiving.Completed += (_, e) => Receive(e, arrived: true);
        Receive(receiving, arrived: false);
        await _open.Task;
    }

    private void Receive(SocketAsyncEventArgs receiving, bool arrived)
    {
        while (true)
        {
            if (arrived && !Take(receiving))
            {
                return;
            }

            receiving.SetBuffer(_buffer, _filled, BytesMax - _filled);
            arrived = !_socket.ReceiveAsync(receiving);
            if (!arrived)
            {
                return;
            }
        }
    }

    private bool Take(SocketAsyncEventArgs receiving)
    {
        if (receiving.SocketError != SocketError.Success || receiving.BytesTransferred == 0)
        {
            WatcherProgram.Fail($"a connection ended: {receiving.SocketError}");
            return false;
        }

        _filled += receiving.BytesTransferred;
        var received = _buffer.AsSpan(0, _filled);
        var change = program.Change;
        var done = watch.Read(received, program.Marker, out var isOpen, out var hasSeen, out var answer);
        received[done..].CopyTo(_buffer);
        _filled -= done;
        if (_filled == BytesMax)
        {
            WatcherProgram.Fail($"a message of more than {BytesMax} bytes");
            return false;
        }

        if (answer.Length > 0)
        {
            _socket.Send(answer);
        }

        if (isOpen)
        {
            _open.TrySetResult();
        }

        if (hasSeen && _seen != change)
        {
            _seen = change;
            program.Seen();
        }

        return true;
    }
}
