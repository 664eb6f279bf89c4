using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Zurg.Protocol;
using Zurg.Sdk;
using Zurg.Tests.Agent.Local;
using static Zurg.Tests.Agent.Local.NamingFixtures;

namespace Zurg.Tests.Sdk;

public sealed class ServiceHandlerTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    private readonly List<IDisposable> _toDispose = [];
    private LocalAgent _agent = null!;
    private ZurgClient _client = null!;
    private long _revision;

    public async Task InitializeAsync()
    {
        _agent = await LocalAgent.StartAsync();
        _client = new ZurgClient(_agent.SocketPath);
    }

    public async Task DisposeAsync()
    {
        _toDispose.ForEach(d => d.Dispose());
        await _client.DisposeAsync();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task A_url_with_a_service_as_its_host_just_works()
    {
        await using var server = await LoopbackServer.StartAsync(http =>
            http.Response.WriteAsync($"{http.Request.Host}{http.Request.Path}{http.Request.QueryString}"));
        Push(At("web.0", server.Port));

        using var answer = await NewHttp().GetAsync("http://web/solve?a=b");

        Assert.Equal("web/solve?a=b", await answer.Content.ReadAsStringAsync());
        Assert.Equal("http://web/solve?a=b", answer.RequestMessage!.RequestUri!.ToString());
    }

    [Fact]
    public async Task A_request_may_have_a_host_header_of_its_own()
    {
        await using var server = await LoopbackServer.StartAsync(http => http.Response.WriteAsync(http.Request.Host.ToString()));
        Push(At("web.0", server.Port));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://web/");
        request.Headers.Host = "shop.example";
        using var answer = await NewHttp().SendAsync(request);
        Assert.Equal("shop.example", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_port_is_the_one_asked_for_or_http_or_the_only_one()
    {
        using var server = Raw((_, stream) => RawServer.OkAsync(stream));
        Push(At("web.0", server.Port, portName: "metrics"));
        Assert.Equal("ok", await NewHttp().GetStringAsync("http://web/"));
        Assert.Equal("ok", await NewHttp(new ZurgHandlerOptions { Port = "metrics" }).GetStringAsync("http://web/"));

        var e = await Assert.ThrowsAsync<ServiceUnavailableException>(() =>
            NewHttp(new ZurgHandlerOptions { Port = "admin", WaitForEndpoint = Soon }).GetStringAsync("http://web/"));
        Assert.Contains("none of its 1 endpoints has a port admin; web.0 has: metrics", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_post_whose_connection_is_refused_goes_to_another_endpoint_with_its_content_whole()
    {
        using var server = Raw((_, stream) => RawServer.OkAsync(stream));
        Push(At("web.0", ClosedPort()), At("web.1", ClosedPort()), At("web.2", server.Port));
        var http = NewHttp();
        for (var i = 1; i <= 10; i++)
        {
            using var once = new StreamContent(new ReadOnce("content"u8.ToArray()));
            once.Headers.ContentLength = 7;
            using var answer = await http.PostAsync("http://web/", once);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(i, server.Requests);
        }
    }

    [Theory]
    [InlineData("POST", true)]
    [InlineData("POST", false)]
    [InlineData("PATCH", true)]
    [InlineData("BREW", false)]
    public async Task What_is_not_idempotent_is_never_sent_twice_once_bytes_have_left(string method, bool content)
    {
        using var broken = Raw((_, _) => Task.FromResult(false));
        using var other = Raw((_, _) => Task.FromResult(false));
        Push(At("web.0", broken.Port), At("web.1", other.Port));

        var e = await Assert.ThrowsAsync<ServiceUnavailableException>(() => SendAsync(NewHttp(), method,
            content ? new StringContent("x") : null));

        Assert.Equal(1, broken.Requests + other.Requests);
        Assert.Single(e.Attempts);
        Assert.Contains($"{method} was not repeated", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_post_without_content_is_not_repeated_on_a_kept_connection_that_breaks()
    {
        // The transport would do so by itself: its connection had been idle.
        using var server = Raw((number, stream) => number == 1 ? RawServer.OkAsync(stream) : Task.FromResult(false));
        Push(At("web.0", server.Port));
        var http = NewHttp();
        Assert.Equal("ok", await http.GetStringAsync("http://web/"));

        await Assert.ThrowsAsync<ServiceUnavailableException>(() => SendAsync(http, "POST", null));

        Assert.Equal(2, server.Requests);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    public async Task What_is_idempotent_goes_to_another_endpoint_when_the_connection_breaks(string method)
    {
        using var broken = Raw((_, _) => Task.FromResult(false));
        await using var good = await LoopbackServer.StartAsync(_ => Task.CompletedTask);
        Push(At("web.0", broken.Port), At("web.1", good.Port));
        var http = NewHttp();
        for (var i = 0; i < 10; i++)
        {
            using var answer = await SendAsync(http, method, method == "PUT" ? new StringContent("x") : null);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Content_that_can_be_read_once_is_not_sent_again()
    {
        using var broken = Raw((_, _) => Task.FromResult(false));
        using var other = Raw((_, _) => Task.FromResult(false));
        Push(At("web.0", broken.Port), At("web.1", other.Port));
        using var once = new StreamContent(new ReadOnce("x"u8.ToArray()));
        once.Headers.ContentLength = 1;

        await Assert.ThrowsAsync<ServiceUnavailableException>(() => SendAsync(NewHttp(), "PUT", once));

        Assert.Equal(1, broken.Requests + other.Requests);
    }

    [Fact]
    public async Task An_answer_of_any_status_is_an_answer()
    {
        await using var server = await LoopbackServer.StartAsync(http =>
        {
            http.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        Push(At("web.0", server.Port), At("web.1", ClosedPort()));
        using var answer = await NewHttp().GetAsync("http://web/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task An_answer_that_is_no_http_is_not_tried_elsewhere()
    {
        using var nonsense = Raw(async (_, stream) =>
        {
            await stream.WriteAsync("nonsense\r\n\r\n"u8.ToArray());
            return true;
        });
        Push(At("web.0", nonsense.Port));
        var e = await Assert.ThrowsAsync<HttpRequestException>(() => NewHttp().GetAsync("http://web/"));
        Assert.Equal(HttpRequestError.InvalidResponse, e.HttpRequestError);
    }

    [Fact]
    public async Task The_exception_names_the_service_and_why_each_endpoint_failed()
    {
        Push([.. Enumerable.Range(0, 5).Select(i => At($"web.{i}", ClosedPort()))]);

        var e = await Assert.ThrowsAsync<ServiceUnavailableException>(() => NewHttp().GetAsync("http://web/"));

        Assert.Equal("web", e.Service);
        Assert.Equal(3, e.Attempts.Select(a => a.Instance).Distinct().Count());
        Assert.All(e.Attempts, a => Assert.Contains("refused", a.Problem, StringComparison.Ordinal));
        Assert.Contains(e.Attempts[0].ToString(), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suspect_is_used_only_when_nothing_ready_is_left()
    {
        using var ready = Raw((_, stream) => RawServer.OkAsync(stream));
        using var suspect = Raw((_, stream) => RawServer.OkAsync(stream));
        Push(At("web.0", ready.Port), At("web.1", suspect.Port, suspect: true), At("web.2", suspect.Port, suspect: true));
        var http = NewHttp();
        for (var i = 0; i < 20; i++)
        {
            await http.GetStringAsync("http://web/");
        }

        Assert.Equal(0, suspect.Requests);
        Push(At("web.0", ClosedPort(), incarnation: 2), At("web.1", suspect.Port, suspect: true));
        await Eventually.TrueAsync(() => Resolved().Endpoints.Length == 2, "pushed");
        await http.GetStringAsync("http://web/");
        Assert.Equal(1, suspect.Requests);
    }

    [Fact]
    public async Task The_less_loaded_of_two_gets_the_request()
    {
        var busy = new TaskCompletionSource();
        await using var slow = await LoopbackServer.StartAsync(_ => busy.Task);
        using var quick = Raw((_, stream) => RawServer.OkAsync(stream));
        Push(At("web.0", slow.Port));
        var http = NewHttp();
        var held = http.GetAsync("http://web/");
        await Eventually.TrueAsync(() => !held.IsCompleted && Resolved().Endpoints.Length == 1, "held");
        Push(At("web.0", slow.Port), At("web.1", quick.Port));
        await Eventually.TrueAsync(() => Resolved().Endpoints.Length == 2, "pushed");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("ok", await http.GetStringAsync("http://web/"));
        }

        busy.SetResult();
        (await held).Dispose();
    }

    [Fact]
    public async Task An_endpoint_that_the_watch_took_away_gets_no_new_request_though_connections_are_kept()
    {
        using var leaving = Raw((_, stream) => RawServer.OkAsync(stream));
        using var staying = Raw((_, stream) => RawServer.OkAsync(stream));
        Push(At("web.0", leaving.Port), At("web.1", staying.Port));
        var http = NewHttp();
        for (var i = 0; i < 10; i++)
        {
            await http.GetStringAsync("http://web/");
        }

        Push(At("web.1", staying.Port));
        await Eventually.TrueAsync(() => Resolved().Endpoints.Length == 1, "taken away");
        var before = leaving.Requests;
        for (var i = 0; i < 20; i++)
        {
            await http.GetStringAsync("http://web/");
        }

        Assert.Equal(before, leaving.Requests);
    }

    [Fact]
    public async Task A_service_without_endpoints_is_waited_for_and_then_said_to_have_none()
    {
        using var server = Raw((_, stream) => RawServer.OkAsync(stream));
        Push();
        var waiting = NewHttp().GetStringAsync("http://web/");
        Assert.NotNull(await _client.ResolveAsync("web", default));
        Push(At("web.0", server.Port));
        Assert.Equal("ok", await waiting);

        Push();
        await Eventually.TrueAsync(() => Resolved().Endpoints.IsEmpty, "taken away");
        var hasty = new ZurgHandlerOptions { WaitForEndpoint = TimeSpan.FromMilliseconds(50) };
        var e = await Assert.ThrowsAsync<ServiceUnavailableException>(() => NewHttp(hasty).GetStringAsync("http://web/"));
        Assert.Contains("no ready instance", e.Message, StringComparison.Ordinal);

        _agent.Naming.Take(Set("wbe", 0));
        e = await Assert.ThrowsAsync<ServiceUnavailableException>(() => NewHttp(hasty).GetStringAsync("http://wbe/"));
        Assert.Contains("is the name right?", e.Message, StringComparison.Ordinal);

        e = await Assert.ThrowsAsync<ServiceUnavailableException>(() => NewHttp(hasty).GetStringAsync("http://silent/"));
        Assert.Contains("has not told of it", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_gives_up_gets_its_own_cancellation()
    {
        Push();
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => NewHttp().GetAsync("http://web/", soon.Token));
    }

    [Fact]
    public async Task A_connection_that_does_not_come_about_in_time_counts_as_not_made()
    {
        // A full backlog: the kernel leaves further connections without an answer.
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        var port = ((IPEndPoint)deaf.LocalEndPoint!).Port;
        for (var i = 0; i < 4; i++)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _toDispose.Add(filler);
            try
            {
                filler.Connect(IPAddress.Loopback, port);
            }
            catch (SocketException)
            {
                // In progress.
            }
        }

        using var good = Raw((_, stream) => RawServer.OkAsync(stream));
        Push(At("web.0", port), At("web.1", good.Port, suspect: true));
        using var answer = await NewHttp(new ZurgHandlerOptions { ConnectTimeout = TimeSpan.FromMilliseconds(100) })
            .PostAsync("http://web/", new StringContent("x"));
        Assert.Equal(1, good.Requests);
    }

    [Fact]
    public async Task Hosts_that_are_no_services_go_to_the_network_as_they_are()
    {
        using var server = Raw((_, stream) => RawServer.OkAsync(stream));
        Assert.Equal("ok", await NewHttp().GetStringAsync($"http://127.0.0.1:{server.Port}/"));
        Assert.Equal("ok", await NewHttp().GetStringAsync($"http://localhost:{server.Port}/"));
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            NewHttp(new ZurgHandlerOptions { PassOthersToNetwork = false }).GetStringAsync($"http://127.0.0.1:{server.Port}/"));
    }

    [Fact]
    public async Task A_port_number_behind_a_service_is_refused_with_what_to_do()
    {
        var e = await Assert.ThrowsAsync<HttpRequestException>(() => NewHttp().GetStringAsync("http://web:8080/"));
        Assert.Contains("ZurgHandlerOptions.Port", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_handed_on()
    {
        await using var server = await LoopbackServer.StartAsync(http =>
        {
            http.Response.Redirect("http://elsewhere/");
            return Task.CompletedTask;
        });
        Push(At("web.0", server.Port));
        using var answer = await NewHttp().GetAsync("http://web/");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
    }

    private void Push(params Zurg.Protocol.Endpoint[] endpoints)
    {
        _agent.Naming.Take(Set("web", ++_revision, endpoints.Select(e => e with { Host = new HostId("host2") }).ToArray()));
    }

    private ServiceEndpoints Resolved() => _client.ResolveAsync("web", default).AsTask().GetAwaiter().GetResult();

    private HttpClient NewHttp(ZurgHandlerOptions? options = null)
    {
        var http = new HttpClient(_client.CreateHandler(options)) { Timeout = Eventually.Deadline };
        _toDispose.Add(http);
        return http;
    }

    private static RawServer Raw(Func<int, NetworkStream, Task<bool>> answer) => new(answer);

    private static async Task<HttpResponseMessage> SendAsync(HttpClient http, string method, HttpContent? content)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "http://web/") { Content = content };
        return await http.SendAsync(request);
    }

    private static int ClosedPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private sealed class ReadOnce(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
