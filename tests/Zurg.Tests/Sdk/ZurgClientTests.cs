using Zurg.Sdk;
using Zurg.Tests.Agent.Local;
using static Zurg.Tests.Agent.Local.NamingFixtures;

namespace Zurg.Tests.Sdk;

public sealed class ZurgClientTests : IAsyncLifetime
{
    private LocalAgent _agent = null!;
    private ZurgClient _client = null!;

    public async Task InitializeAsync()
    {
        _agent = await LocalAgent.StartAsync();
        _client = new ZurgClient(_agent.SocketPath);
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task A_service_resolves_to_what_the_agent_says()
    {
        _agent.Naming.Take(Set("web", 5, At("web.0", 80), At("web.1", 81, host: "host2", suspect: true)));

        var set = await _client.ResolveAsync("web", default);

        Assert.Equal(("web", 5L), (set.Service, set.Revision));
        Assert.Equal(["web.0 host1 az1 127.0.0.1 80 web@1.0.0 1 False", "web.1 host2 az1 127.0.0.1 81 web@1.0.0 1 True"],
            set.Endpoints.Select(e =>
            $"{e.Instance} {e.Host} {e.Cell} {e.Address} {e.Ports["http"]} {e.Release} {e.Incarnation} {e.Suspect}"));
    }

    [Fact]
    public async Task A_watch_yields_the_known_set_and_then_newer_ones_within_milliseconds()
    {
        _agent.Naming.Take(Set("web", 1));
        using var late = new CancellationTokenSource(Eventually.Deadline);
        await using var sets = _client.WatchAsync("web", late.Token).GetAsyncEnumerator();
        for (var revision = 1; revision <= 20; revision++)
        {
            _agent.Naming.Take(Set("web", revision, At("web.0", 80)));
            do
            {
                Assert.True(await sets.MoveNextAsync());
            }
            while (sets.Current.Revision != revision || sets.Current.Endpoints.IsEmpty);
        }
    }

    [Fact]
    public async Task The_last_known_set_stays_while_the_agent_is_away_and_a_new_agent_is_found()
    {
        _agent.Naming.Take(Set("web", 1, At("web.0", 80)));
        using var late = new CancellationTokenSource(Eventually.Deadline);
        await using var sets = _client.WatchAsync("web", late.Token).GetAsyncEnumerator();
        Assert.True(await sets.MoveNextAsync());
        var next = sets.MoveNextAsync();
        await _agent.HangUpAsync();
        Assert.Single((await _client.ResolveAsync("web", default)).Endpoints);

        _agent.Naming.Take(Set("web", 2));
        await _agent.ListenAsync();
        Assert.True(await next);
        Assert.Equal(2, sets.Current.Revision);
    }

    [Fact]
    public async Task An_agent_that_withdraws_without_a_new_revision_is_believed()
    {
        _agent.Naming.Take(Set("web", 1, At("web.0", 80)));
        Assert.Single((await _client.ResolveAsync("web", default)).Endpoints);
        _agent.Naming.Observe(State());
        await Eventually.TrueAsync(() => _client.ResolveAsync("web", default).AsTask().Result.Endpoints.IsEmpty, "withdrawn");
    }

    [Fact]
    public async Task An_agent_that_is_not_there_is_told_of_after_a_limited_time()
    {
        await using var nobody = new ZurgClient(_agent.Directory["nobody.sock"], new HastyTime());
        var e = await Assert.ThrowsAsync<ServiceUnavailableException>(() => nobody.ResolveAsync("web", default).AsTask());
        Assert.Contains("nobody.sock", e.Message, StringComparison.Ordinal);
        Assert.Empty(e.Attempts);
    }

    [Fact]
    public async Task An_agent_that_answers_otherwise_is_no_answer()
    {
        await using var hasty = new ZurgClient(_agent.SocketPath, new HastyTime());
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<Exception>(() => hasty.ResolveAsync("silent", stop.Token).AsTask());
    }

    [Fact]
    public async Task Waiting_ends_with_the_callers_token()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.ResolveAsync("silent", soon.Token).AsTask());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Web")]
    [InlineData("a.b")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234")]
    public async Task A_name_that_no_service_can_have_is_refused(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => _client.ResolveAsync(name, default).AsTask());

    [Fact]
    public async Task A_disposed_client_says_so()
    {
        await _client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _client.ResolveAsync("web", default).AsTask());
    }

    [Fact]
    public void The_socket_comes_from_the_environment()
    {
        Environment.SetEnvironmentVariable(ZurgClient.SocketVariable, null);
        Assert.Throws<InvalidOperationException>(ZurgClient.FromEnvironment);
        Environment.SetEnvironmentVariable(ZurgClient.SocketVariable, _agent.SocketPath);
        Assert.NotNull(ZurgClient.FromEnvironment());
        Environment.SetEnvironmentVariable(ZurgClient.SocketVariable, null);
    }

    /// <summary>Every wait is over at once.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(
                callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.FromMilliseconds(1), period);
    }
}
