using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Zurg.Bench;

/// <summary>
/// etcd's KV.Put and nothing else, over its gRPC API: HTTP/2 without TLS, a frame of 5 bytes and a message, the status in the
/// trailers (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
/// </summary>
internal sealed class EtcdPuts(Uri address, int connections) : IDisposable
{
    private static readonly MediaTypeHeaderValue Grpc = new("application/grpc");

    // A handler keeps one HTTP/2 connection, so as many handlers as connections.
    private readonly HttpMessageInvoker[] _connections =
        [.. Enumerable.Range(0, connections).Select(_ => new HttpMessageInvoker(new SocketsHttpHandler()))];

    private readonly Uri _put = new(address, "/etcdserverpb.KV/Put");

    public async Task PutAsync(int writer, string key, ReadOnlyMemory<byte> value, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _put)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(key, value.Span)),
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Content.Headers.ContentType = Grpc;
        using var response = await _connections[writer % _connections.Length].SendAsync(request, stop);
        await response.Content.CopyToAsync(Stream.Null, stop);
        var status = Trailer(response, "grpc-status");
        if (status != "0")
        {
            throw new PeerException($"etcd refused a put: status {status ?? "missing"}, {Trailer(response, "grpc-message")}");
        }
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }
    }

    // PutRequest { bytes key = 1; bytes value = 2; }
    private static byte[] Frame(string key, ReadOnlySpan<byte> value)
    {
        var message = new MemoryStream(key.Length + value.Length + 16);
        message.Write(stackalloc byte[5]);
        WriteField(message, 0x0a, Encoding.ASCII.GetBytes(key));
        WriteField(message, 0x12, value);
        var frame = message.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
        return frame;
    }

    private static void WriteField(MemoryStream message, byte tag, ReadOnlySpan<byte> bytes)
    {
        message.WriteByte(tag);
        var length = bytes.Length;
        for (; length >= 0x80; length >>= 7)
        {
            message.WriteByte((byte)(length | 0x80));
        }

        message.WriteByte((byte)length);
        message.Write(bytes);
    }

    private static string? Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailing) ? trailing.First()
        : response.Headers.TryGetValues(name, out var leading) ? leading.First()
        : null;
}
