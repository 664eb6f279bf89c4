using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Agent.Probes;

/// <summary>What a process said by sd_notify(3), and who it is as the kernel says.</summary>
internal sealed record NotifyMessage(int Pid, uint User, NotifyWords Words);

/// <summary>
/// The other end of NOTIFY_SOCKET: a datagram socket with an abstract name (unix(7)), which needs no directory that the
/// instance's user may enter, leaves nothing behind, and can be taken up again by the next agent.
/// </summary>
internal sealed class NotifySocket : IDisposable
{
    private const int MessageMax = 4096;

    private readonly Socket _socket;

    /// <exception cref="SocketException">Somebody has the name already.</exception>
    public NotifySocket(string name)
    {
        Name = name;
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            const int socketLevel = 1;
            const int passCredentials = 16;
            _socket.SetRawSocketOption(socketLevel, passCredentials, BitConverter.GetBytes(1));
            _socket.Bind(new UnixDomainSocketEndPoint('\0' + name));
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    public string Name { get; }

    /// <summary>As it stands in the environment: '@' for the null byte.</summary>
    public string Variable => '@' + Name;

    /// <summary>The next one that can be understood; messages wait in the kernel until they are asked for.</summary>
    public async Task<NotifyMessage> ReceiveAsync(CancellationToken stop)
    {
        var peek = new byte[1];
        while (true)
        {
            // .NET cannot receive credentials: it waits, and recvmsg takes the datagram.
            await _socket.ReceiveAsync(peek, SocketFlags.Peek, stop);
            if (Take() is { } message)
            {
                return message;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private unsafe NotifyMessage? Take()
    {
        const int doNotWait = 0x40;
        const int controlMax = 256;
        var data = stackalloc byte[MessageMax];
        var control = stackalloc byte[controlMax];
        var vector = new IoVector { Start = data, Length = MessageMax };
        var header = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = controlMax };
        var length = (int)Libc.Receive((int)_socket.Handle, &header, doNotWait);
        if (length < 0 || Credentials(control, (int)header.ControlLength) is not var (pid, user))
        {
            return null;
        }

        return new NotifyMessage(pid, user, NotifyWords.Parse(Encoding.UTF8.GetString(data, length)));
    }

    /// <summary>
    /// struct cmsghdr (length 8, level 4, type 4 bytes), then struct ucred (pid, uid, gid); others may come before it.
    /// </summary>
    private static unsafe (int Pid, uint User)? Credentials(byte* control, int length)
    {
        const int headerSize = 16;
        const int credentialsType = 2;
        var rest = new ReadOnlySpan<byte>(control, length);
        while (rest.Length >= headerSize)
        {
            var size = (int)BinaryPrimitives.ReadInt64LittleEndian(rest);
            if (size < headerSize || size > rest.Length)
            {
                return null;
            }

            if (BinaryPrimitives.ReadInt32LittleEndian(rest[12..]) == credentialsType && size >= headerSize + 12)
            {
                return (BinaryPrimitives.ReadInt32LittleEndian(rest[16..]), BinaryPrimitives.ReadUInt32LittleEndian(rest[20..]));
            }

            rest = rest[Math.Min(rest.Length, (size + 7) & ~7)..];
        }

        return null;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
