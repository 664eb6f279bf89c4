using System.Text;

namespace Zurg.Bench;

/// <summary>A stream of a master: GET of a service's endpoints with watch=true, one set a line, over HTTP/1.1.</summary>
/// <param name="where">The service and the file of the token: SERVICE:FILE.</param>
internal sealed class ZurgWatch(int port, string where) : INamingWatch
{
    public ReadOnlyMemory<byte> Request { get; } = Encoding.ASCII.GetBytes(
        $"GET /v1/services/{where.Split(':', 2)[0]}/endpoints?watch=true HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        + $"Authorization: Bearer {File.ReadAllText(where.Split(':', 2)[1]).Trim()}\r\n\r\n");

    // The frames of chunks stand between lines: a set is known by its beginning, and whole when its line ends.
    public int Read(ReadOnlySpan<byte> received, ReadOnlySpan<byte> marker, out bool isOpen, out bool hasSeen, out byte[] answer)
    {
        var whole = received[..(received.LastIndexOf((byte)'\n') + 1)];
        isOpen = whole.IndexOf("{\"service\":"u8) >= 0;
        hasSeen = marker.Length > 0 && whole.IndexOf(marker) >= 0;
        answer = [];
        return whole.Length;
    }
}
