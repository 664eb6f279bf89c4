using System.Net;
using Zurg.Protocol;
using Zurg.Sdk;
using Zurg.Tests.Agent.Local;
using static Zurg.Tests.Agent.Local.NamingFixtures;

namespace Zurg.Tests.Sdk;

/// <summary>What a handler makes of answers that say "I am being stopped".</summary>
public sealed class DrainMarkTests : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _servers = [];
    private readonly List<string> _asked = [];
    private LocalAgent _agent = null!;
    private ZurgClient _client = null!;
    private HttpClient _http = null!;
    private long _revision;

    public async Task InitializeAsync()
    {
        _agent = await LocalAgent.StartAsync();
        _client = new ZurgClient(_agent.SocketPath);
        _http = New(new ZurgHandlerOptions());
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _client.DisposeAsync();
        await _agent.DisposeAsync();
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_says_that_it_drains_is_asked_last_of_its_set_and_anew_in_the_next_one()
    {
        var leaving = await ServerAsync("web.0", 200, "web.0");
        var staying = await ServerAsync("web.1", 200, null);
        await PushAsync(At("web.0", leaving));
        await AskAsync(1);
        Assert.Equal(["web.0"], _asked);

        await PushAsync(At("web.0", leaving), At("web.1", staying, suspect: true));
        await AskAsync(20);
        Assert.Equal(["web.0", "web.0"], _asked.Where(a => a == "web.0"));
        Assert.Equal("web.1", _asked[^1]);

        await PushAsync(At("web.0", leaving));
        await AskAsync(1);
        Assert.Equal("web.0", _asked[^1]);
    }

    [Fact]
    public async Task A_mark_of_another_instance_was_handed_on_by_a_proxy_and_says_nothing_of_this_one()
    {
        var proxy = await ServerAsync("web.0", 503, "solver.4; refused");
        var other = await ServerAsync("web.1", 200, null);
        await PushAsync(At("web.0", proxy));
        using var answer = await _http.GetAsync("http://web/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);

        await PushAsync(At("web.0", proxy), At("web.1", other, suspect: true));
        using var again = await _http.GetAsync("http://web/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, again.StatusCode);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    [InlineData("GET")]
    public async Task What_was_refused_goes_to_another_instance_whatever_it_asks(string method)
    {
        var other = await ServerAsync("web.9", 200, null);
        var refusing = new List<Zurg.Protocol.Endpoint>();
        for (var i = 0; i < 5; i++)
        {
            refusing.Add(At($"web.{i}", await ServerAsync($"web.{i}", 503, $"web.{i}; refused")));
        }

        await PushAsync([.. refusing, At("web.9", other, suspect: true)]);
        using var whole = new StringContent("whole");
        using var request = new HttpRequestMessage(new HttpMethod(method), "http://web/") { Content = whole };
        using var answer = await _http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("whole", await answer.Content.ReadAsStringAsync());
        Assert.Equal(6, _asked.Count);
    }

    [Fact]
    public async Task A_refused_request_that_cannot_be_sent_again_gets_the_answer_as_it_is()
    {
        await PushAsync(At("web.0", await ServerAsync("web.0", 503, "web.0; refused")));
        using var once = new StreamContent(new MemoryStream("x"u8.ToArray()));
        using var answer = await _http.PostAsync("http://web/", once);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task Where_all_refuse_the_request_waits_for_the_other_side()
    {
        var old = await ServerAsync("web.0", 503, "web.0; refused");
        var young = await ServerAsync("web.1", 200, null);
        await PushAsync(At("web.0", old));
        var waiting = _http.PostAsync("http://web/", new StringContent("whole"));
        await Eventually.TrueAsync(() => _asked.Count == 1, "refused");
        Assert.False(waiting.IsCompleted);
        await PushAsync(At("web.1", young));
        using var answer = await waiting;
        Assert.Equal("whole", await answer.Content.ReadAsStringAsync());

        using var hasty = New(new ZurgHandlerOptions { WaitForEndpoint = TimeSpan.FromMilliseconds(50) });
        await PushAsync(At("web.0", old));
        var e = await Assert.ThrowsAsync<ServiceUnavailableException>(() => hasty.GetAsync("http://web/"));
        Assert.Contains("refuse new requests, last web.0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_refused_and_is_listed_again_is_asked_again_by_the_request_that_waits()
    {
        var status = 503;
        var back = await ServerAsync("web.0", () => status, "web.0; refused");
        await PushAsync(At("web.0", back));
        var waiting = _http.PostAsync("http://web/", new StringContent("whole"));
        await Eventually.TrueAsync(() => _asked.Count == 1, "refused");

        await PushAsync(At("web.0", back));
        await Eventually.TrueAsync(() => _asked.Count == 2, "refused again");
        Assert.False(waiting.IsCompleted);
        Volatile.Write(ref status, 200);
        await PushAsync(At("web.0", back));
        using var answer = await waiting;
        Assert.Equal("whole", await answer.Content.ReadAsStringAsync());
        Assert.Equal(3, _asked.Count);
    }

    [Fact]
    public async Task Who_refused_and_is_listed_again_gets_its_share_of_new_requests()
    {
        var status = 503;
        var back = await ServerAsync("web.0", () => status, "web.0; refused");
        var other = At("web.1", await ServerAsync("web.1", 200, null), suspect: true);
        await PushAsync(At("web.0", back), other);
        await AskAsync(3);
        Assert.Equal(["web.0", "web.1", "web.1", "web.1"], _asked);

        Volatile.Write(ref status, 200);
        await PushAsync(At("web.0", back), other);
        await AskAsync(1);
        Assert.Equal("web.0", _asked[^1]);
    }

    [Fact]
    public async Task Only_a_503_is_a_refusal()
    {
        await PushAsync(At("web.0", await ServerAsync("web.0", 200, "web.0; refused")));
        using var answer = await _http.PostAsync("http://web/", new StringContent("done"));
        Assert.Equal("done", await answer.Content.ReadAsStringAsync());
    }

    private async Task AskAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var answer = await _http.GetAsync("http://web/");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    /// <summary>Gives back what it is sent.</summary>
    private Task<int> ServerAsync(string instance, int status, string? mark) => ServerAsync(instance, () => status, mark);

    private async Task<int> ServerAsync(string instance, Func<int> status, string? mark)
    {
        var server = await LoopbackServer.StartAsync(async http =>
        {
            lock (_asked)
            {
                _asked.Add(instance);
            }

            http.Response.StatusCode = status();
            http.Response.Headers[DrainMark.Header] = mark;
            await http.Request.Body.CopyToAsync(http.Response.Body);
        });
        _servers.Add(server);
        return server.Port;
    }

    private async Task PushAsync(params Zurg.Protocol.Endpoint[] endpoints)
    {
        var revision = ++_revision;
        _agent.Naming.Take(Set("web", revision, [.. endpoints.Select(e => e with { Host = new HostId("host2") })]));
        await Eventually.TrueAsync(() => _client.WatchOf("web").Seen.Set?.Revision == revision, "pushed");
    }

    private HttpClient New(ZurgHandlerOptions options) =>
        new(_client.CreateHandler(options)) { Timeout = Eventually.Deadline };
}
