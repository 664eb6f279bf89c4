using System.Net;
using System.Net.Sockets;
using System.Text;
using Zurg.Agent.Ports;
using Zurg.Core;

namespace Zurg.Tests.Agent.Ports;

public sealed class ConnectionsTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_connection_is_busy_from_a_question_until_its_answer(string address)
    {
        using var listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Assert.Equal(new InFlightCount(0, InFlightBy.Sockets), Connections.Count([port]));

        using var client = new TcpClient(listener.LocalEndpoint.AddressFamily);
        await client.ConnectAsync(IPAddress.Parse(address), port);
        using var server = await listener.AcceptTcpClientAsync();
        await BecomesAsync(port, 0, "idle before the first question");

        // Not read by the server yet, then read and not answered, for longer than any doubt lasts.
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("question"));
        await BecomesAsync(port, 1, "asked");
        await server.GetStream().ReadExactlyAsync(new byte[8]);
        await BecomesAsync(port, 1, "read", until: l => l.SinceReceived > SocketLook.DoubtFor);

        await server.GetStream().WriteAsync(Encoding.ASCII.GetBytes("answer"));
        await client.GetStream().ReadExactlyAsync(new byte[6]);
        await BecomesAsync(port, 0, "answered");
    }

    [Fact]
    public async Task Whoever_answers_in_the_tick_of_the_question_is_idle_after_a_second_and_others_ports_do_not_count()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        using var other = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        other.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var server = await listener.AcceptTcpClientAsync();
        for (var i = 0; i < 20; i++)
        {
            await client.GetStream().WriteAsync("q"u8.ToArray());
            await server.GetStream().ReadExactlyAsync(new byte[1]);
            await server.GetStream().WriteAsync("a"u8.ToArray());
            await client.GetStream().ReadExactlyAsync(new byte[1]);
        }

        await BecomesAsync(((IPEndPoint)listener.LocalEndpoint).Port, 0, "idle");
        using var asking = new TcpClient();
        await asking.ConnectAsync((IPEndPoint)other.LocalEndpoint);
        await asking.GetStream().WriteAsync("q"u8.ToArray());
        Assert.Equal(0, Connections.Count([((IPEndPoint)listener.LocalEndpoint).Port]).Count);
        await BecomesAsync(((IPEndPoint)other.LocalEndpoint).Port, 1, "asked on the other");
    }

    [Fact]
    public async Task Without_sock_diag_every_open_connection_counts()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Assert.Equal(0, Connections.CountOpen("/proc/net/tcp", port));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        Assert.Equal(1, Connections.CountOpen("/proc/net/tcp", port));
        Assert.Equal(0, Connections.CountOpen("/proc/net/no-such-table", port));
    }

    private static Task BecomesAsync(int port, int count, string what, Func<SocketLook, bool>? until = null) =>
        Eventually.TrueAsync(() =>
        {
            var looks = new List<SocketLook>();
            Assert.True(Connections.TryRead(port, looks));
            return looks.Count(l => l.IsBusy) == count && looks.All(l => until?.Invoke(l) ?? true);
        }, what);
}
