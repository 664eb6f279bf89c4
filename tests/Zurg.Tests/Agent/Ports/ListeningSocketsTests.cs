using System.Net;
using System.Net.Sockets;
using Zurg.Agent.Ports;

namespace Zurg.Tests.Agent.Ports;

public sealed class ListeningSocketsTests
{
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    [InlineData(AddressFamily.Unix)]
    public void A_socket_that_listens_is_seen_until_it_is_closed_and_others_are_not(AddressFamily family)
    {
        var directory = Directory.CreateTempSubdirectory("zurg-sockets-");
        try
        {
            using var socket = new Socket(family, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(family switch
            {
                AddressFamily.InterNetwork => new IPEndPoint(IPAddress.Loopback, 0),
                AddressFamily.InterNetworkV6 => new IPEndPoint(IPAddress.IPv6Loopback, 0),
                _ => new UnixDomainSocketEndPoint(Path.Combine(directory.FullName, "s")),
            });
            var link = new FileInfo($"/proc/self/fd/{socket.Handle}").LinkTarget!;
            var inode = long.Parse(link["socket:[".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
            Assert.DoesNotContain(inode, ListeningSockets.SeenBy(Environment.ProcessId)!);
            socket.Listen();
            Assert.Contains(inode, ListeningSockets.SeenBy(Environment.ProcessId)!);
            Assert.True(ListeningSockets.Has(Environment.ProcessId, new HashSet<long> { inode }));
            socket.Dispose();
            Assert.DoesNotContain(inode, ListeningSockets.SeenBy(Environment.ProcessId)!);
            Assert.False(ListeningSockets.Has(Environment.ProcessId, new HashSet<long> { inode }));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void What_cannot_be_seen_may_listen_and_what_has_ended_does_not()
    {
        Assert.True(ListeningSockets.Has(Environment.ProcessId, null));
        Assert.Null(ListeningSockets.SeenBy(int.MaxValue));
        Assert.False(ListeningSockets.Has(int.MaxValue, new HashSet<long> { 1 }));
    }
}
