using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Local;
using Zurg.Core;
using static Zurg.Tests.Agent.Local.NamingFixtures;

namespace Zurg.Tests.Agent.Local;

public sealed class LocalServerTests : IAsyncLifetime
{
    private LocalAgent _agent = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _agent = await LocalAgent.StartAsync();
        _http = _agent.NewClient();
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task A_set_is_given_in_the_words_of_the_local_protocol()
    {
        _agent.Naming.Take(Set("web", 5, At("web.0", 8080), At("web.1", 8081, host: "host2", suspect: true)));

        using var answer = await _http.GetAsync("/v1/services/web");

        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            """
            {"service":"web","revision":5,"endpoints":[
            {"instance":"web.0","incarnation":1,"host":"host1","cell":"az1",
            "address":"127.0.0.1","ports":{"http":8080},"release":"web@1.0.0","state":"ready"},
            {"instance":"web.1","incarnation":1,"host":"host2","cell":"az1",
            "address":"127.0.0.1","ports":{"http":8081},"release":"web@1.0.0","state":"suspect"}]}
            """.ReplaceLineEndings("") + "\n", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Metrics_are_there_for_scrapers()
    {
        _agent.Metrics = "zurg_x 1\n";
        using var answer = await _http.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("zurg_x 1\n", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_tcp_port_serves_metrics_alone_and_only_to_whoever_means_the_loopback()
    {
        await using var server = await MetricsServer.StartAsync(0, () => "zurg_x 1\n", NullLoggerFactory.Instance, default);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };

        Assert.Equal("zurg_x 1\n", await http.GetStringAsync("/metrics"));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/v1/services/web")).StatusCode);
        using var other = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Host = "evil.example" } };
        Assert.Equal(HttpStatusCode.Forbidden, (await http.SendAsync(other)).StatusCode);
    }

    [Fact]
    public async Task The_first_question_waits_for_the_first_set()
    {
        var asked = _http.GetStringAsync("/v1/services/web");
        await Eventually.TrueAsync(() => _agent.Naming.Current(Service("other")) is null && !asked.IsCompleted, "asked");
        _agent.Naming.Take(Set("web", 0));
        Assert.Equal("""{"service":"web","revision":0,"endpoints":[]}""" + "\n", await asked);
    }

    [Fact]
    public async Task A_service_of_which_no_master_has_said_anything_is_not_given_as_an_empty_set()
    {
        using var answer = await _http.GetAsync("/v1/services/web");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("/v1/services/NO_NAME", HttpStatusCode.NotFound)]
    [InlineData("/v1/services/-web?watch=true", HttpStatusCode.NotFound)]
    [InlineData("/v1/watch", HttpStatusCode.BadRequest)]
    [InlineData("/v1/watch?service=web&service=NO_NAME", HttpStatusCode.NotFound)]
    [InlineData("/v1/nothing", HttpStatusCode.NotFound)]
    public async Task A_bad_question_gets_an_answer_that_says_so(string path, HttpStatusCode status)
    {
        using var answer = await _http.GetAsync(path);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task More_services_in_one_watch_than_the_limit_are_refused()
    {
        var names = string.Join('&', Enumerable.Range(0, WatchServices.ServicesMax + 1).Select(i => $"service=s{i}"));
        using var answer = await _http.GetAsync($"/v1/watch?{names}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("/v1/services/web?watch=true")]
    [InlineData("/v1/services/web?watch=true&confirm=true")]
    public async Task A_watch_for_which_there_is_no_room_is_refused_and_not_left_without_a_word(string path)
    {
        for (var pid = 1; _agent.Naming.TryOpen([Service($"s{pid}")], new ProcessIdentity(pid, 1, "boot")) is not null; pid++)
        {
            Assert.InRange(pid, 1, NamingCache.ServicesMax);
        }

        using var answer = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.False(_agent.Subscribers.Follows(Service("web")));
    }

    [Theory]
    [InlineData("/v1/services/web?watch=true")]
    [InlineData("/v1/watch?service=web&service=solver")]
    public async Task A_watch_streams_whole_sets_a_line_each(string path)
    {
        using var answer = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("application/x-ndjson", answer.Content.Headers.ContentType!.MediaType);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        _agent.Naming.Take(Set("web", 1));
        Assert.Contains("\"revision\":1", await lines.ReadLineAsync().WaitAsync(Eventually.Deadline), StringComparison.Ordinal);
        _agent.Naming.Take(Set("web", 2, At("web.0", 80)));
        Assert.Contains("web.0", await lines.ReadLineAsync().WaitAsync(Eventually.Deadline), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_watches_end_with_the_agent_and_hold_nothing_up()
    {
        using var answer = await _http.GetAsync("/v1/services/web?watch=true", HttpCompletionOption.ResponseHeadersRead);
        var rest = answer.Content.ReadAsStringAsync();
        await _agent.HangUpAsync().WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("", await rest.WaitAsync(Eventually.Deadline));
    }

    [Fact]
    public void Every_local_user_may_connect() =>
        Assert.Equal("666", Convert.ToString((int)File.GetUnixFileMode(_agent.SocketPath), 8));

    [Fact]
    public async Task A_dead_agents_socket_is_removed_and_a_living_ones_is_not()
    {
        using var directory = new TemporaryDirectory();
        var path = directory["dead.sock"];
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path));
            File.Move(path, path + ".kept");
        }

        File.Move(path + ".kept", path);
        await using (await LocalServer.StartAsync(path, _agent.Desk, () => "", NullLoggerFactory.Instance, default))
        {
            await Assert.ThrowsAsync<IOException>(() => LocalServer.StartAsync(path, _agent.Desk,
                () => "", NullLoggerFactory.Instance, default));
        }
    }
}
