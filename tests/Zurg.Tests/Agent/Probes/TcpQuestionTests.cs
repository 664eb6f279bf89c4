using System.Net;
using System.Net.Sockets;
using Zurg.Agent.Probes;

namespace Zurg.Tests.Agent.Probes;

public sealed class TcpQuestionTests
{
    [Fact]
    public void A_port_that_listens_accepts_again_and_again()
    {
        using var listener = Listen();
        for (var i = 0; i < 20; i++)
        {
            Assert.True(TcpQuestion.IsAccepted(IPAddress.Loopback, PortOf(listener)));
            listener.AcceptSocket().Dispose();
        }
    }

    [Fact]
    public void A_port_that_nobody_has_does_not()
    {
        using var listener = Listen();
        var port = PortOf(listener);
        listener.Stop();
        Assert.False(TcpQuestion.IsAccepted(IPAddress.Loopback, port));
    }

    [Fact]
    public void A_full_queue_is_not_waited_for()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(0);
        var waiting = new List<Socket>();
        try
        {
            // The kernel takes one more than it is told; further ones get no answer, and the question is not to hang on them.
            var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            for (var i = 0; i < 8; i++)
            {
                waiting.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false });
                Assert.ThrowsAny<SocketException>(() => waiting[^1].Connect(IPAddress.Loopback, port));
            }

            Assert.False(TcpQuestion.IsAccepted(IPAddress.Loopback, port));
        }
        finally
        {
            waiting.ForEach(w => w.Dispose());
        }
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return listener;
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}
