using Zurg.Core;
using Zurg.Sdk;
using Zurg.Tests.Agent.Local;
using static Zurg.Tests.Agent.Local.NamingFixtures;

namespace Zurg.Tests.Sdk;

public sealed class ServiceConfirmTests : IAsyncLifetime
{
    private LocalAgent _agent = null!;
    private ZurgClient _client = null!;

    public async Task InitializeAsync()
    {
        _agent = await LocalAgent.StartAsync();
        _client = new ZurgClient(_agent.SocketPath);
        _agent.Naming.Take(Set("web", 1, At("web.0", 80)));
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task A_set_is_confirmed_as_soon_as_every_later_request_goes_by_it()
    {
        await _client.ResolveAsync("web", default);
        for (var revision = 2; revision <= 20; revision++)
        {
            _agent.Naming.Take(Set("web", revision));
            await SaysAsync($"{revision}");
            Assert.Equal(revision, (await _client.ResolveAsync("web", default)).Revision);
        }
    }

    [Fact]
    public async Task A_reader_that_has_not_come_back_for_the_next_set_may_still_use_the_one_that_it_has()
    {
        await using var sets = _client.WatchAsync("web", default).GetAsyncEnumerator();
        Assert.True(await sets.MoveNextAsync());
        await SaysAsync("1");
        _agent.Naming.Take(Set("web", 2));
        await Eventually.TrueAsync(() => _client.ResolveAsync("web", default).AsTask().Result.Revision == 2, "published");
        await LateAsync();

        Assert.True(await sets.MoveNextAsync());
        Assert.Equal(2, sets.Current.Revision);
        await LateAsync();
        var next = sets.MoveNextAsync();
        await SaysAsync("2");
        _agent.Naming.Take(Set("web", 3));
        Assert.True(await next);
    }

    [Fact]
    public async Task A_reader_that_ends_holds_nothing_up()
    {
        await using (var sets = _client.WatchAsync("web", default).GetAsyncEnumerator())
        {
            Assert.True(await sets.MoveNextAsync());
            _agent.Naming.Take(Set("web", 2));
            await LateAsync();
        }

        await SaysAsync("2");
    }

    [Fact]
    public async Task Two_clients_of_one_process_are_waited_for_apart_and_one_that_is_disposed_is_not()
    {
        await _client.ResolveAsync("web", default);
        await using (var other = new ZurgClient(_agent.SocketPath))
        {
            await using var sets = other.WatchAsync("web", default).GetAsyncEnumerator();
            Assert.True(await sets.MoveNextAsync());
            _agent.Naming.Take(Set("web", 2));
            await LateAsync();
        }

        await SaysAsync("2");
        await _client.DisposeAsync();
        _agent.Naming.Take(Set("web", 3));
        await SaysAsync("3");
        Assert.False(_agent.Subscribers.Follows(Service("web")));
    }

    [Fact]
    public async Task An_agent_of_an_older_build_is_followed_as_before()
    {
        await using var old = await OldAgent.StartAsync(_agent.Directory["old.sock"]);
        await using var client = new ZurgClient(_agent.Directory["old.sock"]);
        Assert.Equal(1, (await client.ResolveAsync("web", default)).Revision);
        await Eventually.TrueAsync(() => old.Refused == 1, "the word was refused");
        old.Say(2);
        await Eventually.TrueAsync(() => client.ResolveAsync("web", default).AsTask().Result.Revision == 2, "followed");
    }

    [Fact]
    public async Task A_new_agent_hears_what_is_used_though_nothing_has_changed()
    {
        await _client.ResolveAsync("web", default);
        await _agent.RestartAsync();
        _agent.Naming.Take(Set("web", 1, At("web.0", 80)));
        await _agent.ListenAsync();
        await Eventually.TrueAsync(() => _agent.Subscribers.Follows(Service("web")), "joined again");
        _agent.Naming.Take(Set("web", 2));
        await SaysAsync("2");
    }

    [Fact]
    public async Task Who_is_no_longer_known_to_read_asks_again_and_is_waited_for_as_before()
    {
        await _client.ResolveAsync("web", default);
        await SaysAsync("1");
        var process = _agent.Subscribers.Followers().Single().Process;
        Assert.Contains(Enumerable.Range(1, 10_000), client =>
            _agent.Subscribers.Leave(Service("web"), new SubscriberId(process, $"sdk.{client}")));

        _agent.Naming.Take(Set("web", 2));
        await Eventually.TrueAsync(() => _agent.Subscribers.Follows(Service("web")), "joined again");
        await SaysAsync("2");
    }

    private Task SaysAsync(string word) => Eventually.TrueAsync(
        () => _agent.Said("web") == word, $"says {word} of web, not {_agent.Said("web")}");

    private Task LateAsync() => Eventually.TrueAsync(
        () => _agent.Said("web").StartsWith("1 [process ", StringComparison.Ordinal), $"late: {_agent.Said("web")}");
}
