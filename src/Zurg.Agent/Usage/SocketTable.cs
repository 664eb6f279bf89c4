using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Zurg.Agent.Processes;

namespace Zurg.Agent.Usage;

/// <summary>One end of a TCP connection. IPv4 is held as the IPv6 that maps it (RFC 4291, section 2.5.5.2).</summary>
internal readonly record struct SocketEnd(UInt128 Address, int Port);

/// <summary>A TCP connection of this host.</summary>
/// <param name="Inode">Of the socket; 0 when no process has it any more.</param>
/// <param name="Over">It has ended within the last minute; the side that closed it first remembers it so long.</param>
internal readonly record struct TcpConnection(SocketEnd Local, SocketEnd Remote, long Inode, bool Over);

/// <summary>
/// The TCP connections of this host from the kernel, by sock_diag(7): a message for each, without the text of /proc/net/tcp.
/// Listening sockets and those that are only about to connect are not among them.
/// </summary>
internal static class SocketTable
{
    // linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
    private const int NetlinkFamily = 16;
    private const int RawCloseOnExecNonBlocking = 3 | 0x80000 | 0x800;
    private const int SockDiagProtocol = 4;
    private const ushort DiagByFamily = 20;
    private const ushort Request = 0x1;
    private const ushort Dump = 0x300;
    private const ushort ErrorMessage = 2;
    private const ushort DoneMessage = 3;
    private const int HeaderSize = 16;
    private const int RequestSize = HeaderSize + 56;
    private const int AnswerSize = HeaderSize + 72;
    private const byte Tcp = 6;
    private const byte Inet = 2;
    private const byte Inet6 = 10;

    // include/net/tcp_states.h
    private const int Established = 1;
    private const int FinWait1 = 4;
    private const int FinWait2 = 5;
    private const int TimeWait = 6;
    private const int CloseWait = 8;
    private const uint OpenStates = (1 << Established) | (1 << FinWait1) | (1 << FinWait2) | (1 << CloseWait);

    /// <summary>The kernel fills at most so much at once: 32 KiB (netlink_dump).</summary>
    private const int BufferSize = 64 * 1024;

    /// <param name="over">
    /// Also those that the kernel only remembers, for a minute. Probes leave one each behind: thousands, where many are made.
    /// </param>
    /// <exception cref="IOException">The kernel does not tell.</exception>
    public static List<TcpConnection> Read(bool over)
    {
        var all = new List<TcpConnection>();
        var fd = Libc.Socket(NetlinkFamily, RawCloseOnExecNonBlocking, SockDiagProtocol);
        if (fd < 0)
        {
            throw Failed("sock_diag cannot be asked");
        }

        try
        {
            var states = OpenStates | (over ? 1u << TimeWait : 0);
            Read(fd, Inet, states, all);
            Read(fd, Inet6, states, all);
        }
        finally
        {
            _ = Libc.Close(fd);
        }

        return all;
    }

    private static unsafe void Read(int fd, byte family, uint states, List<TcpConnection> all)
    {
        Span<byte> request = stackalloc byte[RequestSize];
        request.Clear();
        MemoryMarshal.Write(request, (uint)RequestSize);
        MemoryMarshal.Write(request[4..], DiagByFamily);
        MemoryMarshal.Write(request[6..], (ushort)(Request | Dump));
        (request[HeaderSize], request[HeaderSize + 1]) = (family, Tcp);
        MemoryMarshal.Write(request[(HeaderSize + 4)..], states);
        var buffer = new byte[BufferSize];
        fixed (byte* asked = request, answered = buffer)
        {
            if (Libc.Write(fd, asked, RequestSize) != RequestSize)
            {
                throw Failed("sock_diag was not asked");
            }

            // The kernel makes each piece within the call that asks for it: there is nothing to wait for.
            var goesOn = true;
            while (goesOn)
            {
                var got = Libc.Read(fd, answered, BufferSize);
                goesOn = got > 0 ? Take(buffer.AsSpan(0, (int)got), all) : throw Failed("sock_diag did not answer");
            }
        }
    }

    /// <returns>Whether more comes.</returns>
    private static bool Take(ReadOnlySpan<byte> messages, List<TcpConnection> all)
    {
        while (messages.Length >= HeaderSize)
        {
            var length = (int)MemoryMarshal.Read<uint>(messages);
            var type = MemoryMarshal.Read<ushort>(messages[4..]);
            if (type == DoneMessage)
            {
                return false;
            }

            if (type == ErrorMessage || length < HeaderSize || length > messages.Length)
            {
                throw new IOException("the kernel does not list TCP connections by sock_diag here");
            }

            if (type == DiagByFamily && length >= AnswerSize)
            {
                all.Add(Parse(messages[HeaderSize..length]));
            }

            // Each begins at a multiple of four bytes.
            messages = messages[Math.Min((length + 3) & ~3, messages.Length)..];
        }

        return true;
    }

    /// <summary>struct inet_diag_msg: family, state, timer, retrans, then ports and addresses in network order.</summary>
    private static TcpConnection Parse(ReadOnlySpan<byte> m)
    {
        var v6 = m[0] == Inet6;
        var (from, to) = (BinaryPrimitives.ReadUInt16BigEndian(m[4..]), BinaryPrimitives.ReadUInt16BigEndian(m[6..]));
        var inode = MemoryMarshal.Read<uint>(m[68..]);   // whoever has only said that it writes no more still reads
        return new TcpConnection(
            new SocketEnd(AddressOf(m[8..], v6), from), new SocketEnd(AddressOf(m[24..], v6), to),
            inode, Over: m[1] == TimeWait || (m[1] is FinWait1 or FinWait2 && inode == 0));
    }

    private static UInt128 AddressOf(ReadOnlySpan<byte> bytes, bool v6) => v6
        ? BinaryPrimitives.ReadUInt128BigEndian(bytes)
        : IpNumber.Mapped(BinaryPrimitives.ReadUInt32BigEndian(bytes));

    private static IOException Failed(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }
}
