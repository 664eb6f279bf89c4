using System.Net.Sockets;

namespace Zurg.Agent.Relay;

/// <summary>A carried connection's end at an instance.</summary>
internal sealed class RelayUpstream(Socket socket, RelayTarget target) : IDisposable
{
    private readonly CancellationTokenSource _left = new();

    public Socket Socket => socket;

    public RelayTarget Target => target;

    /// <summary>Cancelled when nothing that it says is carried any more.</summary>
    public CancellationToken Left => _left.Token;

    /// <summary>
    /// Gracefully: a socket that is closed under a reader is reset, which an instance would take for a fault of the program.
    /// </summary>
    public void Leave()
    {
        socket.TryShut();
        _left.Cancel();
        target.End();
    }

    /// <summary>When nobody reads it any more.</summary>
    public void Dispose() => socket.Dispose();
}
