using System.Buffers.Binary;
using System.Text;

namespace Zurg.Bench;

/// <summary>
/// etcd's Watch of one key over its gRPC API, as bytes: HTTP/2 (RFC 9113) without TLS, one stream, flow-control windows so wide
/// that they need no care. The gateway, which speaks JSON, would be a second program's work inside etcd.
/// </summary>
internal sealed class EtcdWatch(int port, string key) : INamingWatch
{
    private const int FrameHeader = 9;
    private const int InitialWindowSize = 4;
    private const byte Acknowledged = 1;
    private const byte EndHeaders = 4;

    private enum Frame : byte
    {
        Data = 0,
        Headers = 1,
        Reset = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
        WindowUpdate = 8,
    }

    public ReadOnlyMemory<byte> Request { get; } = (byte[])
    [
        .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
        .. FrameOf(Frame.Settings, 0, 0, [0, InitialWindowSize, .. Number(int.MaxValue)]),
        .. FrameOf(Frame.WindowUpdate, 0, 0, Number(int.MaxValue - 65_535)),
        .. FrameOf(Frame.Headers, EndHeaders, 1, Headers(port)),
        .. FrameOf(Frame.Data, 0, 1, Message(key)),
    ];

    public int Read(ReadOnlySpan<byte> received, ReadOnlySpan<byte> marker, out bool isOpen, out bool hasSeen, out byte[] answer)
    {
        (isOpen, hasSeen, answer) = (false, false, []);
        var done = 0;
        while (received.Length - done >= FrameHeader)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(received[done..]) >> 8;
            if (received.Length - done - FrameHeader < length)
            {
                break;
            }

            var (kind, flags) = ((Frame)received[done + 3], received[done + 4]);
            var payload = received.Slice(done + FrameHeader, length);
            done += FrameHeader + length;
            switch (kind)
            {
                case Frame.Data:
                    isOpen = true;
                    hasSeen |= marker.Length > 0 && payload.IndexOf(marker) >= 0;
                    break;
                case Frame.Settings when (flags & Acknowledged) == 0:
                    answer = [.. answer, .. FrameOf(Frame.Settings, Acknowledged, 0, [])];
                    break;
                case Frame.Ping when (flags & Acknowledged) == 0:
                    answer = [.. answer, .. FrameOf(Frame.Ping, Acknowledged, 0, payload)];
                    break;
                case Frame.Reset or Frame.GoAway:
                    WatcherProgram.Fail($"etcd sent {kind}");
                    break;
                default:
                    break;   // acknowledgements, headers of the answer, wider windows
            }
        }

        return done;
    }

    private static byte[] FrameOf(Frame kind, byte flags, int stream, ReadOnlySpan<byte> payload) =>
        [.. Number(payload.Length)[1..], (byte)kind, flags, .. Number(stream), .. payload];

    // HPACK (RFC 7541) without its table of the connection: fields of the static table, and literals that are not indexed.
    private static byte[] Headers(int port) =>
    [
        0x83, 0x86,
        0x04, .. Text("/etcdserverpb.Watch/Watch"),
        0x01, .. Text($"127.0.0.1:{port}"),
        0x0f, 0x10, .. Text("application/grpc"),
        0x00, .. Text("te"), .. Text("trailers"),
    ];

    // A frame of gRPC: WatchRequest { WatchCreateRequest create_request = 1 { bytes key = 1; } }
    private static byte[] Message(string key)
    {
        byte[] create = [0x0a, .. Text(key)];
        byte[] request = [0x0a, (byte)create.Length, .. create];
        return [0, .. Number(request.Length), .. request];
    }

    // With its length before it: one byte, below 127 in each of the two formats.
    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
