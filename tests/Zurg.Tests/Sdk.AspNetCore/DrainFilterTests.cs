using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Zurg.Sdk.AspNetCore;
using Zurg.Tests.Support;

namespace Zurg.Tests.Sdk.AspNetCore;

/// <summary>What clients of an instance see while it is being stopped, over real connections.</summary>
public sealed class DrainFilterTests : IAsyncLifetime
{
    private readonly List<DrainingApp> _apps = [];
    private SelfSocket _agent = null!;

    public async Task InitializeAsync() => _agent = await SelfSocket.StartAsync();

    public async Task DisposeAsync()
    {
        foreach (var app in _apps)
        {
            await app.DisposeAsync();
        }

        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task Answers_are_marked_from_the_moment_it_drains_and_not_before()
    {
        var app = await StartAsync();
        using var client = await KeptClient.ConnectAsync(app.Port);
        Assert.DoesNotContain("zurg-draining", await client.AskAsync(), StringComparison.Ordinal);

        using var held = await KeptClient.ConnectAsync(app.Port);
        var asked = held.AskAsync("/held", "GET");
        await Eventually.TrueAsync(() => app.Traffic.UnderWay == 1, "held");
        var before = await client.AskAsync();
        Assert.DoesNotContain("close", before, StringComparison.Ordinal);
        await WantAsync("draining", 1);
        using var late = await KeptClient.ConnectAsync(app.Port);
        foreach (var head in new[] { await late.AskAsync(), await ReleasedAsync(app, asked) })
        {
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
            Assert.Contains("zurg-draining: web.0\r\n", head, StringComparison.Ordinal);
            Assert.Contains("Connection: close\r\n", head, StringComparison.Ordinal);
        }

        await late.EndedAsync();
        await held.EndedAsync();
    }

    [Fact]
    public async Task A_request_is_counted_until_its_answer_is_whole()
    {
        var app = await StartAsync();
        using var held = await KeptClient.ConnectAsync(app.Port);
        using var begun = await KeptClient.ConnectAsync(app.Port);
        var whole = held.AskAsync("/held", "GET");
        var half = begun.AskAsync("/begun", "GET");
        await app.Begun.Task.WaitAsync(Eventually.Deadline);
        await Eventually.TrueAsync(() => app.Traffic.UnderWay == 2, "under way");
        await WantAsync("draining", 2);
        Assert.DoesNotContain(_agent.Words, w => w is { Count: 0, State: "draining" });
        app.Held.SetResult();
        Assert.Contains("zurg-draining", await whole, StringComparison.Ordinal);

        // Its headers had left before anybody wanted it to go: its connection is closed behind it.
        Assert.DoesNotContain("zurg-draining", await half, StringComparison.Ordinal);
        await begun.EndedAsync();
        await _agent.HeardAsync(0, "draining");
    }

    [Fact]
    public async Task Requests_that_break_or_are_given_up_are_over_as_well()
    {
        var app = await StartAsync();
        using var client = await KeptClient.ConnectAsync(app.Port);
        Assert.StartsWith("HTTP/1.1 500", await client.AskAsync("/broken", "GET"), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => app.Traffic.UnderWay == 0, "over");

        var leaver = await KeptClient.ConnectAsync(app.Port);
        await leaver.SendAsync("GET /held HTTP/1.1\r\nHost: web\r\n\r\n");
        await Eventually.TrueAsync(() => app.Traffic.UnderWay == 1, "under way");
        await WantAsync("draining", 1);
        leaver.Dispose();
        await _agent.HeardAsync(0, "draining");
    }

    [Fact]
    public async Task A_web_socket_is_under_way_until_it_is_closed_and_hears_that_it_is_to_close()
    {
        var app = await StartAsync();
        using var talk = new ClientWebSocket();
        await talk.ConnectAsync(new Uri($"ws://127.0.0.1:{app.Port}/talk"), default);
        var goodbye = new TaskCompletionSource();
        app.Lifetime.Draining.Register(goodbye.SetResult);
        Assert.False(goodbye.Task.IsCompleted);
        await WantAsync("draining", 1);
        await goodbye.Task.WaitAsync(Eventually.Deadline);

        await talk.SendAsync("still here"u8.ToArray(), WebSocketMessageType.Text, true, default);
        var bytes = new byte[100];
        Assert.Equal(10, (await talk.ReceiveAsync(bytes, default)).Count);
        Assert.DoesNotContain(_agent.Words, w => w is { Count: 0, State: "draining" });
        await talk.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        await _agent.HeardAsync(0, "draining");
    }

    [Fact]
    public async Task A_web_socket_that_opens_while_it_drains_is_let_in()
    {
        var app = await StartAsync();
        await WantAsync("draining", 0);
        using var talk = new ClientWebSocket();
        await talk.ConnectAsync(new Uri($"ws://127.0.0.1:{app.Port}/talk"), default);
        await talk.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, default);
        Assert.Equal(5, (await talk.ReceiveAsync(new byte[100], default)).Count);
        await talk.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
    }

    [Fact]
    public async Task Kept_connections_that_rest_are_closed_when_it_begins_to_drain()
    {
        var app = await StartAsync();
        var clients = new List<KeptClient>();
        for (var i = 0; i < 5; i++)
        {
            clients.Add(await KeptClient.ConnectAsync(app.Port));
            await clients[^1].AskAsync();
            Assert.False(clients[^1].WasToldToGo);
        }

        Assert.Equal(5, app.Connections.Count);
        await WantAsync("draining", 0);
        foreach (var client in clients)
        {
            await client.EndedAsync();
            client.Dispose();
        }

        await Eventually.TrueAsync(() => app.Connections.Count == 0, "forgotten");
    }

    [Fact]
    public async Task A_request_that_has_begun_to_arrive_when_its_connection_is_to_be_closed_is_answered()
    {
        var app = await StartAsync();
        using var client = await KeptClient.ConnectAsync(app.Port);
        await client.AskAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: web\r\n");
        await WantAsync("draining", 0);
        await client.SendAsync("Content-Length: 0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadAsync(), StringComparison.Ordinal);
        await client.EndedAsync();
    }

    [Fact]
    public async Task A_body_on_its_way_is_read_to_its_end()
    {
        var app = await StartAsync();
        using var client = await KeptClient.ConnectAsync(app.Port);
        await client.AskAsync();
        await client.SendAsync("POST /echo HTTP/1.1\r\nHost: web\r\nContent-Length: 2000\r\n\r\n" + new string('x', 1000));
        await Eventually.TrueAsync(() => app.Traffic.UnderWay == 1, "under way");
        await WantAsync("draining", 1);
        await client.SendAsync(new string('y', 1000));
        Assert.Contains("Content-Length: 2000", await client.ReadAsync(), StringComparison.Ordinal);
        await _agent.HeardAsync(0, "draining");
    }

    /// <summary>On a clock that stands still: on the slowest machine, they are in the middle of a row of requests.</summary>
    [Fact]
    public async Task Clients_that_ask_all_the_time_go_away_without_an_error()
    {
        var time = new ManualTime();
        var leaving = await StartAsync(time: time);
        var staying = await StartAsync(other: true);
        var clients = Enumerable.Range(0, 8).Select(i => AskUntilGoneAsync(leaving.Port, staying.Port, i)).ToList();
        await Eventually.TrueAsync(() => leaving.Processed > 50, "load");

        _agent.Want("draining");
        await Task.WhenAll(clients);
        Assert.DoesNotContain((0, "draining"), _agent.Words);
        time.Advance(Traffic.Settled);
        await _agent.HeardAsync(0, "draining");
        var atEnd = leaving.Processed;
        await leaving.App.StopAsync();
        Assert.Equal(atEnd, leaving.Processed);
        Assert.Equal(8, staying.Processed);
    }

    [Fact]
    public async Task Over_http2_clients_go_away_without_an_error_too()
    {
        var leaving = await StartAsync(HttpProtocols.Http2);
        var staying = await StartAsync(HttpProtocols.Http2, other: true);
        using var http = NewHttp2();
        var clients = Enumerable.Range(0, 8).Select(_ => AskHttp2Async(http, leaving.Url, staying)).ToList();
        await Eventually.TrueAsync(() => leaving.Processed > 50, "load");
        Assert.Equal(1, leaving.Connections.Count);

        _agent.Want("draining");
        await _agent.HeardAsync(0, "draining");
        await leaving.App.StopAsync();

        await Task.WhenAll(clients);
        Assert.True(staying.Processed >= 8);
        Assert.All(clients, c => Assert.True(c.Result));
    }

    [Fact]
    public async Task An_http2_connection_is_told_to_go_in_the_middle_of_a_request_and_ends_with_it()
    {
        var app = await StartAsync(HttpProtocols.Http2);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, app.Port);
        var stream = tcp.GetStream();

        // RFC 9113: the preface, empty SETTINGS, and HEADERS of stream 1 with GET http://web/held (RFC 7541 appendix A).
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await stream.WriteAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 14, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x04, 5 });
        await stream.WriteAsync("/held"u8.ToArray());
        await stream.WriteAsync(new byte[] { 0x41, 3, (byte)'w', (byte)'e', (byte)'b' });
        await Eventually.TrueAsync(() => app.Traffic.UnderWay == 1, "held");
        _agent.Want("draining");

        const byte goaway = 7, data = 0;
        await FrameAsync(stream, goaway);
        Assert.Equal(1, app.Traffic.UnderWay);
        app.Held.SetResult();
        Assert.Equal("held"u8.ToArray(), await FrameAsync(stream, data));
        await FrameAsync(stream, goaway);
        await Eventually.TrueAsync(() => app.Connections.Count == 0, "its connection is closed");
    }

    [Fact]
    public async Task Connections_that_come_while_it_drains_end_with_their_answer_though_the_agent_is_away()
    {
        var app = await StartAsync(HttpProtocols.Http2);
        await WantAsync("draining", 0);
        await _agent.HangUpAsync();
        using var http = NewHttp2();
        using var answer = await http.GetAsync(app.Url);
        Assert.Equal(["web.0"], answer.Headers.GetValues("zurg-draining"));
        await Eventually.TrueAsync(() => app.Connections.Count == 0, "its connection is closed");
        await _agent.ListenAsync();
    }

    [Fact]
    public async Task Refusing_it_processes_nothing_new_and_says_so_once_the_old_is_over()
    {
        var app = await StartAsync();
        using var held = await KeptClient.ConnectAsync(app.Port);
        var asked = held.AskAsync("/held", "GET");
        await Eventually.TrueAsync(() => app.Traffic.UnderWay == 1, "held");
        await WantAsync("refusing", 1, "running");

        var before = app.Processed;
        using var client = await KeptClient.ConnectAsync(app.Port);
        var head = await client.AskAsync();
        Assert.StartsWith("HTTP/1.1 503 ", head, StringComparison.Ordinal);
        Assert.Contains("zurg-draining: web.0; refused\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\n", head, StringComparison.Ordinal);
        await client.EndedAsync();
        Assert.Equal(before, app.Processed);
        Assert.DoesNotContain(_agent.Words, w => w.State == "refusing");

        await ReleasedAsync(app, asked);
        await _agent.HeardAsync(0, "refusing");

        await WantAsync("running", 0);
        using var again = await KeptClient.ConnectAsync(app.Port);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await again.AskAsync(), StringComparison.Ordinal);
        Assert.False(again.WasToldToGo);
    }

    private async Task<DrainingApp> StartAsync(
        HttpProtocols protocols = HttpProtocols.Http1, bool other = false, TimeProvider? time = null)
    {
        var app = await DrainingApp.StartAsync(
            other ? null : _agent.Path, protocols, b => b.Services.AddSingleton(time ?? TimeProvider.System));
        _apps.Add(app);
        await Eventually.TrueAsync(() => other || !_agent.Words.IsEmpty, "it said that it counts");
        return app;
    }

    private async Task WantAsync(string state, int count, string? said = null)
    {
        var before = _agent.Words.Length;
        _agent.Want(state);
        var entered = Enum.Parse<SelfState>(state, ignoreCase: true);
        await Eventually.TrueAsync(() => _apps[0].Traffic.State == entered, state);
        if (said is null)
        {
            await _agent.HeardAsync(count, state);
        }

        Assert.All(_agent.Words.Skip(before), w => Assert.Equal(said ?? state, w.State));
    }

    private static HttpClient NewHttp2() => new()
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>The content of the next frame of this type.</summary>
    private static async Task<byte[]> FrameAsync(NetworkStream stream, byte type)
    {
        using var late = new CancellationTokenSource(Eventually.Deadline);
        while (true)
        {
            var head = new byte[9];
            await stream.ReadExactlyAsync(head, late.Token);
            var content = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await stream.ReadExactlyAsync(content, late.Token);
            if (head[3] == type)
            {
                return content;
            }
        }
    }

    private static async Task<string> ReleasedAsync(DrainingApp app, Task<string> held)
    {
        app.Held.SetResult();
        return await held;
    }

    private static async Task AskUntilGoneAsync(int leaving, int staying, int number)
    {
        using var client = await KeptClient.ConnectAsync(leaving);
        while (!client.WasToldToGo)
        {
            Assert.StartsWith("HTTP/1.1 200 OK", await client.AskAsync(), StringComparison.Ordinal);
            await Task.Delay(number);
        }

        using var next = await KeptClient.ConnectAsync(staying);
        Assert.StartsWith("HTTP/1.1 200 OK", await next.AskAsync(), StringComparison.Ordinal);
    }

    private static async Task<bool> AskHttp2Async(HttpClient http, Uri leaving, DrainingApp staying)
    {
        var told = false;
        while (!told)
        {
            using var content = new StringContent("x");
            using var answer = await http.PostAsync(leaving, content);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            told = answer.Headers.Contains("zurg-draining");
            await Task.Delay(2);
        }

        using var next = await http.PostAsync(staying.Url, new StringContent("x"));
        return next.StatusCode == HttpStatusCode.OK;
    }
}
