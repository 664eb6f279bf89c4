using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Relay;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Local;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Relay;

public sealed class RelayListenerTests : IAsyncDisposable
{
    private const string Get = "GET / HTTP/1.1\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    private readonly ManualTime _time = new();
    private readonly RawServer _one = new();
    private readonly RawServer _two = new();
    private readonly List<Socket> _open = [];
    private readonly RelayListener _listener;

    public RelayListenerTests() => _listener = Listen();

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        _open.ForEach(s => s.Dispose());
        _one.Dispose();
        _two.Dispose();
    }

    [Fact]
    public async Task Bytes_half_closes_and_answers_after_them_are_carried()
    {
        var (client, server) = await CarriedAsync();
        await SayAsync(client, "all I have");
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("all I have", await ReadToEndAsync(server));
        await SayAsync(server, "all I know");
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal("all I know", await ReadToEndAsync(client));
        await Eventually.TrueAsync(() => _listener.Open == 0, "the connection is forgotten");
    }

    [Fact]
    public async Task The_service_may_speak_first_and_a_reset_is_passed_on_either_way()
    {
        var (client, server) = await CarriedAsync();
        await SayAsync(server, "5.5.5-MariaDB");
        Assert.Equal("5.5.5-MariaDB", await ReadAsync(client, 13));
        server.Close(0);
        await ResetAsync(client);

        using var other = await ConnectAsync();
        using var upstream = await _one.AcceptAsync();
        await SayAsync(other, "x");
        Assert.Equal("x", await ReadAsync(upstream, 1));
        other.Close(0);
        await ResetAsync(upstream);
    }

    [Fact]
    public async Task A_big_stream_arrives_whole_and_waits_for_a_slow_reader()
    {
        var (client, server) = await CarriedAsync();
        var bytes = RandomNumberGenerator.GetBytes(24 << 20);
        var sending = Task.Run(async () =>
        {
            await SendAsync(client, bytes);
            client.Shutdown(SocketShutdown.Send);
        });

        // Nobody reads: what is on its way is what the kernel's buffers hold, and no more.
        await Task.WhenAny(sending, Task.Delay(300));
        Assert.False(sending.IsCompleted, "24 MiB went somewhere");
        using var stream = new NetworkStream(server);
        Assert.Equal(SHA256.HashData(bytes), await SHA256.HashDataAsync(stream));
        await sending;
    }

    [Fact]
    public async Task A_client_that_keeps_one_connection_for_ever_goes_on_with_another_instance()
    {
        var (client, server) = await CarriedAsync();
        await SayAsync(client, Get);
        Assert.Equal(Get, await ReadAsync(server, Get.Length));

        // A request is under way: it is answered by whom it was sent to, and then its end there is over.
        Take(_two.At("web.1"));
        await SayAsync(server, Ok);
        Assert.Equal(Ok, await ReadAsync(client, Ok.Length));
        Assert.Equal("", await ReadToEndAsync(server));

        await SayAsync(client, Get);
        using var other = await _two.AcceptAsync();
        await AnswerAsync(other, client);

        // Nothing is under way: it is over there when the set was taken.
        Take(_one.At("web.0"));
        Assert.Equal("", await ReadToEndAsync(other));
        Assert.Equal(2, _listener.Counts.MovedTotal);
        Assert.Equal(1, _listener.Counts.AcceptedTotal);
    }

    [Fact]
    public async Task A_request_right_after_the_answer_that_was_under_way_goes_by_the_newest_set()
    {
        Take(_one.At("web.0"));
        using var client = await ConnectAsync();
        using var server = await _one.AcceptAsync();
        await SayAsync(client, Get);
        await ReadAsync(server, Get.Length);
        Take(_two.At("web.1"));

        // It fills the buffer: whoever carries it reads on for more, and has not looked at the sets when the client is done.
        var head = $"HTTP/1.1 200 OK\r\nContent-Length: {RelaySockets.BufferBytes - 42:00000}\r\n\r\n";
        var answer = head.PadRight(RelaySockets.BufferBytes, 'x');
        Assert.Equal(42, head.Length);
        await SayAsync(server, answer);
        Assert.Equal(answer, await ReadAsync(client, answer.Length));
        await SayAsync(client, Get);
        using var other = await _two.AcceptAsync();
        Assert.Equal(Get, await ReadAsync(other, Get.Length));
    }

    [Fact]
    public async Task An_instance_that_closes_an_idle_connection_is_changed_for_another()
    {
        var (client, server) = await CarriedAsync();
        await AskAsync(client, server);
        server.Close();
        await Eventually.TrueAsync(() => _listener.Counts.MovedTotal == 1, "its end is given up");
        await SayAsync(client, Get);
        using var again = await _one.AcceptAsync();
        Assert.Equal(Get, await ReadAsync(again, Get.Length));
    }

    [Fact]
    public async Task A_client_that_leaves_between_two_requests_is_not_counted_as_moved()
    {
        var (client, server) = await CarriedAsync();
        await AskAsync(client, server);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await ReadToEndAsync(server));
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await ReadToEndAsync(client));
        Assert.Equal(0, _listener.Counts.MovedTotal);
    }

    [Fact]
    public async Task A_connection_on_which_nothing_was_said_goes_to_another_at_once()
    {
        var (client, server) = await CarriedAsync();
        Take(_two.At("web.1"));
        using var other = await _two.AcceptAsync();
        Assert.Equal("", await ReadToEndAsync(server));
        await SayAsync(client, "hello");
        Assert.Equal("hello", await ReadAsync(other, 5));
    }

    [Fact]
    public async Task An_unknown_protocol_s_idle_connection_is_closed_and_one_that_is_owed_an_answer_is_not()
    {
        var (idle, idleServer) = await CarriedAsync();
        await SayAsync(idleServer, "welcome");
        await ReadAsync(idle, 7);
        var (busy, busyServer) = await CarriedAsync();
        await SayAsync(busy, "?");
        await ReadAsync(busyServer, 1);

        Take(_two.At("web.1"));
        _time.Advance(RelayCare.IdleAfter - TimeSpan.FromMilliseconds(1));
        _listener.Care();
        Assert.Equal(0, _listener.Counts.ClosedTotal);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _listener.Care();
        Assert.Equal("", await ReadToEndAsync(idle));
        Assert.Equal("", await ReadToEndAsync(idleServer));
        Assert.Equal(1, _listener.Counts.ClosedTotal);
        await SayAsync(busyServer, "!");
        Assert.Equal("!", await ReadAsync(busy, 1));
    }

    [Fact]
    public async Task What_is_said_while_it_is_closed_is_not_done_and_is_reset()
    {
        var (client, server) = await CarriedAsync();
        await SayAsync(server, "welcome");
        await ReadAsync(client, 7);
        Take();
        _time.Advance(RelayCare.IdleAfter);
        _listener.Care();
        await SayAsync(client, "one more");
        Assert.Equal("", await ReadToEndAsync(server));
        await Eventually.TrueAsync(() => _listener.Open == 0, "it is cut");
    }

    [Fact]
    public async Task One_that_refuses_is_passed_over()
    {
        var dead = NamingFixtures.At("web.9", FreePort());
        Take(dead, _one.At("web.0"));
        for (var i = 0; i < 5; i++)
        {
            using var client = await ConnectAsync();
            using var server = await _one.AcceptAsync();
            await SayAsync(client, "x");
            Assert.Equal("x", await ReadAsync(server, 1));
        }

        Assert.InRange(_listener.Counts.FailedTotal, 0, 1);
        Assert.Equal(0, _listener.Counts.RefusedTotal);
    }

    [Fact]
    public async Task A_suspect_is_used_only_when_nothing_ready_is_left()
    {
        Take(_one.At("web.0", suspect: true), _two.At("web.1"));
        using var client = await ConnectAsync();
        using var server = await _two.AcceptAsync();
        Assert.False(_one.HasCaller);
        Take(_one.At("web.0", suspect: true));
        using var last = await ConnectAsync();
        using var suspect = await _one.AcceptAsync();
    }

    [Fact]
    public async Task Without_an_endpoint_a_connection_waits_and_is_then_reset()
    {
        using var patient = await ConnectAsync();
        await SayAsync(patient, "x");
        await Eventually.TrueAsync(() => _time.Armed > 0, "it waits");
        Take(_one.At("web.0"));
        using var server = await _one.AcceptAsync();
        Assert.Equal("x", await ReadAsync(server, 1));

        Take();
        using var client = await ConnectAsync();
        await Eventually.TrueAsync(() => _listener.Open == 2 && _time.Armed > 0, "it waits");
        _time.Advance(RelayDial.HoldFor);
        await ResetAsync(client);
        Assert.Equal(1, _listener.Counts.RefusedTotal);
    }

    [Fact]
    public async Task A_closed_one_frees_its_address_and_its_connections_go_on()
    {
        var (client, server) = await CarriedAsync();
        _listener.Close();
        await using var next = new RelayListener(_listener.Use, _time, seed: 1, NullLogger.Instance);
        await SayAsync(client, "still here");
        Assert.Equal("still here", await ReadAsync(server, 10));
    }

    [Fact]
    public async Task Many_connections_under_changing_sets_lose_no_request()
    {
        await using var one = await LoopbackServer.StartAsync(http => AnswerAsync(http, "one"));
        await using var two = await LoopbackServer.StartAsync(http => AnswerAsync(http, "two"));
        Endpoint[] both = [NamingFixtures.At("web.0", one.Port), NamingFixtures.At("web.1", two.Port)];
        Take(both);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var url = new Uri($"http://{_listener.Use.Listen}/");
        var (done, failed) = (0, new List<string>());
        using var enough = new CancellationTokenSource();
        var loads = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                try
                {
                    await client.GetStringAsync(url, CancellationToken.None);
                    Interlocked.Increment(ref done);
                }
                catch (HttpRequestException e)
                {
                    lock (failed)
                    {
                        failed.Add(e.ToString());
                    }
                }
            }
        })).ToArray();
        for (var i = 0; i < 100; i++)
        {
            var before = Volatile.Read(ref done);
            await Eventually.TrueAsync(() => Volatile.Read(ref done) > before + 2 || failed.Count > 0, "requests go on");
            Take(both[i % 2]);
        }

        await enough.CancelAsync();
        await Task.WhenAll(loads);
        Assert.Empty(failed);
        Assert.InRange(_listener.Counts.MovedTotal, 50, int.MaxValue);
        Assert.InRange(_listener.Counts.AcceptedTotal, 1, 8);
    }

    /// <summary>A connection to the listener and its other end, at an instance that is the only one by now.</summary>
    private async Task<(Socket Client, Socket Server)> CarriedAsync()
    {
        Take(_one.At("web.0"));
        var client = await ConnectAsync();
        var server = await _one.AcceptAsync();
        _open.AddRange([client, server]);
        return (client, server);
    }

    private static async Task AskAsync(Socket client, Socket server)
    {
        await SayAsync(client, Get);
        await AnswerAsync(server, client);
    }

    private static async Task AnswerAsync(Socket server, Socket client)
    {
        Assert.Equal(Get, await ReadAsync(server, Get.Length));
        await SayAsync(server, Ok);
        Assert.Equal(Ok, await ReadAsync(client, Ok.Length));
    }

    private static async Task AnswerAsync(Microsoft.AspNetCore.Http.HttpContext http, string name)
    {
        await http.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(name));
        await http.Response.Body.FlushAsync();
        await http.Response.Body.WriteAsync(new byte[100]);
    }

    private void Take(params Endpoint[] endpoints) => _listener.Take(NamingFixtures.Set("web", 1, endpoints));

    private RelayListener Listen() =>
        new(new UseSpec(new ServiceName("web"), "127.0.0.1", FreePort()), _time, seed: 1, NullLogger.Instance);

    private static int FreePort()
    {
        using var socket = new RawServer();
        return socket.Port;
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Parse(_listener.Use.Address), _listener.Use.Number);
        return client;
    }

    private static Task SayAsync(Socket socket, string text) => SendAsync(socket, Encoding.ASCII.GetBytes(text));

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }
    }

    private static async Task<string> ReadAsync(Socket socket, int count)
    {
        using var late = new CancellationTokenSource(Eventually.Deadline);
        var buffer = new byte[count];
        for (var read = 0; read < count;)
        {
            var some = await socket.ReceiveAsync(buffer.AsMemory(read), late.Token);
            Assert.NotEqual(0, some);
            read += some;
        }

        return Encoding.ASCII.GetString(buffer);
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var late = new CancellationTokenSource(Eventually.Deadline);
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        while (await socket.ReceiveAsync(buffer, late.Token) is var read and > 0)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    private static async Task ResetAsync(Socket socket)
    {
        using var late = new CancellationTokenSource(Eventually.Deadline);
        var e = await Assert.ThrowsAsync<SocketException>(async () => await socket.ReceiveAsync(new byte[1], late.Token));
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }
}
