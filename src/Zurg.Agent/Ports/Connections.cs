using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Agent.Ports;

/// <summary>
/// The TCP connections that others have open to a port of this host, from the kernel by sock_diag(7), and where that is not to be
/// had by /proc/net/tcp, which tells no times. Needs no privilege; sees its own network namespace.
/// </summary>
internal static unsafe class Connections
{
    private const int NetlinkFamily = 16;
    private const int DatagramCloseOnExec = 0x80002;
    private const int SockDiagProtocol = 4;
    private const int NoWait = 0x800;

    private const ushort SockDiagByFamily = 20;
    private const ushort RequestDump = 0x301;
    private const ushort Done = 3;
    private const ushort Error = 2;

    private const int HeaderSize = 16;
    private const int RequestSize = HeaderSize + 56;
    private const int MessageSize = 72;
    private const int AttributeHeader = 4;
    private const int InfoAttribute = 2;
    private const int InfoSize = 160;

    private const byte Tcp = 6;
    private const byte Established = 1;
    private const string EstablishedText = "01";
    private const byte V4 = 2;
    private const byte V6 = 10;

    /// <summary>The kernel's messages of a dump hold at most 32 KiB (netlink(7)).</summary>
    private const int BufferSize = 64 * 1024;

    /// <summary>How much is under way on all of these ports.</summary>
    public static InFlightCount Count(IEnumerable<int> ports)
    {
        var looks = new List<SocketLook>();
        var isKnown = true;
        var open = 0;
        foreach (var port in ports)
        {
            if (isKnown && TryRead(port, looks))
            {
                continue;
            }

            isKnown = false;
            open += CountOpen("/proc/net/tcp", port) + CountOpen("/proc/net/tcp6", port);
        }

        return isKnown
            ? new InFlightCount(looks.Count(l => l.IsBusy), InFlightBy.Sockets)
            : new InFlightCount(open + looks.Count, InFlightBy.Connections);
    }

    /// <summary>Adds a look at each connection to the port.</summary>
    /// <returns>False when this kernel does not tell.</returns>
    public static bool TryRead(int port, List<SocketLook> looks)
    {
        var socket = Libc.Socket(NetlinkFamily, DatagramCloseOnExec | NoWait, SockDiagProtocol);
        if (socket < 0)
        {
            return false;
        }

        try
        {
            return TryDump(socket, V4, port, looks) && TryDump(socket, V6, port, looks);
        }
        finally
        {
            _ = Libc.Close(socket);
        }
    }

    /// <summary>Connections to the port, whatever goes on on them.</summary>
    public static int CountOpen(string table, int port)
    {
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        return !File.Exists(table) ? 0 : File.ReadLines(table).Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Count(f => f.Length > 3 && f[3] == EstablishedText && f[1].EndsWith(suffix, StringComparison.Ordinal));
    }

    private static bool TryDump(int socket, byte family, int port, List<SocketLook> looks)
    {
        // struct nlmsghdr and struct inet_diag_req_v2 of <linux/inet_diag.h>; only the port of this side is given.
        Span<byte> request = stackalloc byte[RequestSize];
        request.Clear();
        BitConverter.TryWriteBytes(request, RequestSize);
        BitConverter.TryWriteBytes(request[4..], SockDiagByFamily);
        BitConverter.TryWriteBytes(request[6..], RequestDump);
        (request[16], request[17], request[18]) = (family, Tcp, 1 << (InfoAttribute - 1));
        BitConverter.TryWriteBytes(request[20..], 1u << Established);
        BinaryPrimitives.WriteUInt16BigEndian(request[24..], (ushort)port);
        fixed (byte* start = request)
        {
            if (Libc.Write(socket, start, RequestSize) != RequestSize)
            {
                return false;
            }
        }

        var buffer = NativeMemory.Alloc(BufferSize);
        try
        {
            while (true)
            {
                // A dump never makes a reader wait: the kernel fills the next message when the one before is read.
                var length = (int)Libc.Read(socket, (byte*)buffer, BufferSize);
                if (length <= 0)
                {
                    return false;
                }

                if (Take(new ReadOnlySpan<byte>(buffer, length), port, looks) is { } ended)
                {
                    return ended;
                }
            }
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }

    /// <returns>Whether it went well, once it has ended; null: there is more.</returns>
    private static bool? Take(ReadOnlySpan<byte> messages, int port, List<SocketLook> looks)
    {
        while (messages.Length >= HeaderSize)
        {
            var length = BitConverter.ToInt32(messages);
            var type = BitConverter.ToUInt16(messages[4..]);
            if (type is Done or Error || length < HeaderSize || length > messages.Length)
            {
                return type == Done;
            }

            var body = messages[HeaderSize..length];
            if (type == SockDiagByFamily && body.Length >= MessageSize
                && BinaryPrimitives.ReadUInt16BigEndian(body[4..]) == port && LookOf(body) is { } look)
            {
                looks.Add(look);
            }

            messages = messages[Math.Min(Aligned(length), messages.Length)..];
        }

        return null;
    }

    /// <summary>struct inet_diag_msg, then attributes, of which one is struct tcp_info of linux/tcp.h (times in ms).</summary>
    private static SocketLook? LookOf(ReadOnlySpan<byte> body)
    {
        var (unread, unsent) = (BitConverter.ToUInt32(body[56..]), BitConverter.ToUInt32(body[60..]));
        var rest = body[MessageSize..];
        while (rest.Length >= AttributeHeader)
        {
            var (length, type) = (BitConverter.ToUInt16(rest), BitConverter.ToUInt16(rest[2..]));
            if (length < AttributeHeader || length > rest.Length)
            {
                return null;
            }

            var info = rest[AttributeHeader..length];
            if (type == InfoAttribute && info.Length >= InfoSize)
            {
                return new SocketLook(
                    unread,
                    unsent,
                    HasReceived: BitConverter.ToUInt64(info[128..]) > 0,
                    HasSent: BitConverter.ToUInt32(info[156..]) > 0,
                    SinceReceived: TimeSpan.FromMilliseconds(BitConverter.ToUInt32(info[52..])),
                    SinceSent: TimeSpan.FromMilliseconds(BitConverter.ToUInt32(info[44..])));
            }

            rest = rest[Math.Min(Aligned(length), rest.Length)..];
        }

        return null;
    }

    private static int Aligned(int length) => (length + 3) & ~3;
}
