using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Zurg.Agent.Processes;

namespace Zurg.Agent.Probes;

/// <summary>
/// Whether a port of this host accepts connections, asked in a handful of system calls: over loopback a connection is made or
/// refused before connect(2) returns, so an event loop and a thread to wake would be most of a quiet agent's work.
/// </summary>
internal static unsafe class TcpQuestion
{
    private const int Stream = 1;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int SocketLevel = 1;
    private const int ErrorOption = 4;

    /// <summary>True when it is known at once; else somebody has to ask with patience and with words for what is wrong.</summary>
    public static bool IsAccepted(IPAddress address, int port)
    {
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            return false;
        }

        var socket = Libc.Socket((int)AddressFamily.InterNetwork, Stream | NonBlocking | CloseOnExec, 0);
        if (socket < 0)
        {
            return false;
        }

        try
        {
            return Connect(socket, address, port) == 0
                || (Libc.LastError == Libc.Errno.InProgress && Libc.HasOutput(socket) && ErrorOf(socket) == 0);
        }
        finally
        {
            _ = Libc.Close(socket);
        }
    }

    private static int Connect(int socket, IPAddress address, int port)
    {
        // struct sockaddr_in (ip(7)): the family as the machine writes numbers, port and address as the network does.
        const int size = 16;
        var to = stackalloc byte[size];
        var bytes = new Span<byte>(to, size);
        bytes.Clear();
        BitConverter.TryWriteBytes(bytes, (ushort)AddressFamily.InterNetwork);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)port);
        address.TryWriteBytes(bytes[4..], out _);
        return Libc.Connect(socket, to, size);
    }

    private static int ErrorOf(int socket)
    {
        int error;
        uint size = sizeof(int);
        return Libc.SocketOption(socket, SocketLevel, ErrorOption, &error, &size) == 0 ? error : Libc.LastError;
    }
}
