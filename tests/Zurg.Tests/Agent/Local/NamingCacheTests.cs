using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Local;
using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Agent.Local.NamingFixtures;

namespace Zurg.Tests.Agent.Local;

public sealed class NamingCacheTests
{
    private readonly ConcurrentQueue<string> _subscriptions = new();
    private readonly SettableTime _time = new();
    private readonly NamingCache _cache;

    public NamingCacheTests() => _cache = NewCache();

    [Fact]
    public void Nothing_is_known_of_a_service_that_nobody_asked_for_and_asking_subscribes()
    {
        Assert.Null(_cache.Current(Service("web")));
        Assert.Equal(["web"], _subscriptions);

        Assert.Null(_cache.Current(Service("web")));
        Assert.Single(_subscriptions);
    }

    [Fact]
    public void That_nothing_is_followed_is_said_too_and_once()
    {
        _cache.Forget();
        _cache.Forget();

        Assert.Equal([""], _subscriptions);
    }

    [Fact]
    public void A_newer_set_replaces_and_an_older_one_does_not()
    {
        _cache.Take(Set("web", 5, At("web.0", 80)));
        _cache.Take(Set("web", 4));
        Assert.Single(_cache.Current(Service("web"))!.Endpoints);
        _cache.Take(Set("web", 6));
        Assert.Empty(_cache.Current(Service("web"))!.Endpoints);
    }

    [Fact]
    public void What_it_has_is_said_of_each_service_that_it_follows_as_the_master_said_it()
    {
        var set = Set("web", 5, At("web.0", 80));
        _cache.Current(Service("db"));
        _cache.Current(Service("web"));
        _cache.Take(set);
        _cache.Observe(State(Instance("web.0", InstancePhase.Stopped)));

        Assert.Equal(
            [new KnownSet(Service("db")), new KnownSet(Service("web"), new Revision(5), SetCheck.DigestOf(set))],
            _cache.Sets().Services.ToArray());
    }

    [Theory]
    [InlineData(InstancePhase.Running, 1, true)]
    [InlineData(InstancePhase.Starting, 1, true)]
    [InlineData(InstancePhase.Stopping, 1, false)]
    [InlineData(InstancePhase.Stopped, 1, false)]
    [InlineData(InstancePhase.Waiting, 1, false)]
    [InlineData(InstancePhase.Preparing, 1, false)]
    [InlineData(InstancePhase.Running, 2, false)]
    public void An_instance_of_this_host_is_hidden_as_soon_as_it_is_known_to_be_over(InstancePhase phase, long incarnation,
        bool shown)
    {
        _cache.Take(Set("web", 5, At("web.0", 80), At("web.1", 81, host: "host2")));
        _cache.Observe(State(Instance("web.0", phase, incarnation)));
        Assert.Equal(shown ? 2 : 1, _cache.Current(Service("web"))!.Endpoints.Length);
    }

    [Fact]
    public void An_instance_whose_exit_is_known_is_hidden_whatever_its_phase()
    {
        var instance = Instance("web.0", InstancePhase.Running);
        var exit = new InstanceExit
        {
            Incarnation = instance.Incarnation,
            At = DateTimeOffset.UnixEpoch,
            Ran = TimeSpan.Zero,
            Reason = "SIGKILL",
            Asked = false,
        };
        _cache.Take(Set("web", 5, At("web.0", 80)));
        _cache.Observe(State(instance with { LastExit = exit with { Incarnation = new Incarnation(0) } }));
        Assert.Single(_cache.Current(Service("web"))!.Endpoints);
        _cache.Observe(State(instance with { LastExit = exit }));
        Assert.Empty(_cache.Current(Service("web"))!.Endpoints);
    }

    [Fact]
    public void An_instance_that_this_host_has_forgotten_is_hidden_and_before_it_knows_its_own_nothing_is()
    {
        _cache.Take(Set("web", 5, At("web.0", 80)));
        Assert.Single(_cache.Current(Service("web"))!.Endpoints);
        _cache.Observe(State());
        Assert.Empty(_cache.Current(Service("web"))!.Endpoints);
    }

    [Fact]
    public void A_new_incarnation_shows_up_when_the_master_says_so()
    {
        _cache.Observe(State(Instance("web.0", InstancePhase.Running, incarnation: 2)));
        _cache.Take(Set("web", 5, At("web.0", 80)));
        Assert.Empty(_cache.Current(Service("web"))!.Endpoints);
        _cache.Take(Set("web", 6, At("web.0", 80, incarnation: 2)));
        Assert.Single(_cache.Current(Service("web"))!.Endpoints);
    }

    [Fact]
    public void What_assigned_instances_depend_on_is_subscribed_to()
    {
        _cache.Observe(State(Instance("web.0", InstancePhase.Running, 1, "solver", "store")));
        Assert.Equal("solver store", _subscriptions.Last());
        _cache.Observe(State());
        Assert.Equal("", _subscriptions.Last());
    }

    [Fact]
    public async Task A_follower_gets_the_known_set_at_once_and_then_only_the_newest()
    {
        _cache.Take(Set("web", 1));
        using var late = new CancellationTokenSource(Eventually.Deadline);
        await using var sets = _cache.FollowAsync([Service("web"), Service("solver")], null, late.Token).GetAsyncEnumerator();
        Assert.True(await sets.MoveNextAsync());
        Assert.Equal(1, sets.Current.Set.Revision.Value);

        for (var revision = 2; revision <= 100; revision++)
        {
            _cache.Take(Set("web", revision));
        }

        Assert.True(await sets.MoveNextAsync());
        Assert.Equal(100, sets.Current.Set.Revision.Value);
        _cache.Take(Set("solver", 7));
        Assert.True(await sets.MoveNextAsync());
        Assert.Equal("solver", sets.Current.Set.Service.Value);
    }

    [Fact]
    public async Task The_line_of_a_set_is_made_once_for_all_followers()
    {
        _cache.Take(Set("web", 1, At("web.0", 80)));
        var first = await _cache.FirstSetAsync(Service("web"), TimeSpan.FromSeconds(1), default);
        var second = await _cache.FirstSetAsync(Service("web"), TimeSpan.FromSeconds(1), default);
        Assert.True(first!.Line.Equals(second!.Line));
    }

    [Fact]
    public void A_state_that_changes_nothing_for_consumers_is_not_pushed()
    {
        _cache.Take(Set("web", 1, At("web.0", 80)));
        var before = _cache.CurrentSet(Service("web"));
        _cache.Observe(State(Instance("web.0", InstancePhase.Running)));
        Assert.Same(before, _cache.CurrentSet(Service("web")));
    }

    [Fact]
    public async Task A_service_that_is_followed_stays_subscribed_and_is_forgotten_some_time_after()
    {
        using var late = new CancellationTokenSource(Eventually.Deadline);
        _cache.Take(Set("web", 1));
        await using (var sets = _cache.FollowAsync([Service("web")], null, late.Token).GetAsyncEnumerator())
        {
            Assert.True(await sets.MoveNextAsync());
            _time.Advance(NamingCache.AskedFor * 2);
            _cache.Forget();
            Assert.Equal("web", _subscriptions.Last());
        }

        _cache.Forget();
        Assert.Equal("web", _subscriptions.Last());
        _time.Advance(NamingCache.AskedFor);
        _cache.Forget();
        Assert.Equal("", _subscriptions.Last());
        Assert.Empty(_cache.Kept());
    }

    [Fact]
    public void What_changes_all_the_time_and_nobody_reads_is_forgotten_too()
    {
        _cache.CurrentSet(Service("web"));
        for (var revision = 1; revision <= 4; revision++)
        {
            _cache.Take(Set("web", revision));
            _time.Advance(NamingCache.AskedFor / 4);
        }

        _cache.Forget();
        Assert.Equal("", _subscriptions.Last());
    }

    [Fact]
    public void Beyond_the_limit_the_service_asked_for_longest_ago_makes_room()
    {
        for (var i = 0; i <= NamingCache.ServicesMax; i++)
        {
            _cache.Take(Set($"s{i}", 1));
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(NamingCache.ServicesMax, _cache.Kept().Length);
        Assert.DoesNotContain(_cache.Kept(), s => s.Service.Value == "s0");
    }

    [Fact]
    public void Streams_of_one_process_leave_room_for_others_and_always_for_the_instances_of_the_host()
    {
        var (greedy, modest) = (new ProcessIdentity(1, 1, "boot"), new ProcessIdentity(2, 1, "boot"));
        var taken = Enumerable.Range(0, NamingCache.ServicesMax)
            .TakeWhile(i => _cache.TryOpen([Service($"s{i}")], greedy) is not null).Count();
        Assert.Equal(NamingCache.ServicesMax / 2, taken);
        Assert.Null(_cache.TryOpen([Service("a"), Service("s0")], greedy));
        Assert.NotNull(_cache.TryOpen([Service("s0")], greedy));

        for (var i = 0; i < NamingCache.ServicesOfOneMax; i++)
        {
            Assert.NotNull(_cache.TryOpen([Service($"m{i}")], modest));
        }

        Assert.Null(_cache.TryOpen([Service("a")], modest));
        for (var pid = 3; _cache.TryOpen([Service($"p{pid}")], new ProcessIdentity(pid, 1, "boot")) is not null; pid++)
        {
            Assert.InRange(pid, 3, NamingCache.ServicesMax);
        }

        // Full: what its own instances depend on has room even so.
        var web = Instance("web.0", InstancePhase.Running);
        var needs = web.Assigned with { DependsOn = [Service("db")] };
        _cache.Observe(State(web) with
        {
            Assignment = new Assignment { Host = Own, Generation = new Generation(1), Instances = [needs] },
        });
        _cache.Take(Set("db", 1));
        Assert.NotNull(_cache.Current(Service("db")));
    }

    [Fact]
    public void A_stream_that_is_closed_makes_room_again()
    {
        var process = new ProcessIdentity(1, 1, "boot");
        var open = new List<Follower>();
        for (var i = 0; _cache.TryOpen([Service($"s{i}")], process) is { } follower; i++)
        {
            open.Add(follower);
        }

        open.ForEach(_cache.Close);
        Assert.NotNull(_cache.TryOpen([Service("a")], process));
    }

    [Fact]
    public async Task Sets_survive_a_restart_and_a_line_that_cannot_be_read_costs_only_itself()
    {
        using var directory = new TemporaryDirectory();
        using var stop = new CancellationTokenSource();
        var path = directory["naming"];
        var running = new NamingFile(path, _cache, NullLogger<NamingFile>.Instance).RunAsync(stop.Token);
        _cache.Take(Set("web", 5, At("web.0", 80)));
        await Eventually.TrueAsync(() => File.Exists(path)
            && File.ReadAllText(path).Contains("web.0", StringComparison.Ordinal), "kept");
        await stop.CancelAsync();
        await running;
        await File.AppendAllTextAsync(path, "{ not json\n");

        var restarted = NewCache();
        new NamingFile(path, restarted, NullLogger<NamingFile>.Instance).Load();

        Assert.Equal(5, restarted.Current(Service("web"))!.Revision.Value);
        Assert.Equal("web", _subscriptions.Last());
    }

    [Fact]
    public void A_restarted_agent_is_not_sure_of_generated_files_until_they_are_looked_at()
    {
        var subscribers = new Subscribers(_time, _ => { }, null);
        var cache = new NamingCache(Own, subscribers, _time, _ => { });
        var running = Instance("web.0", InstancePhase.Running, 7, "solver");
        var spec = running.Assigned.Spec with { Templates = [new TemplateSpec("a", "b", TemplateThen.Nothing)] };
        cache.Take(Set("solver", 5));
        Assert.False(cache.Known.IsCompleted);
        cache.Observe(State(running with
        {
            Assigned = running.Assigned with { Spec = spec },
            Process = new ProcessIdentity(1, 2, "boot"),
        }));
        Assert.True(cache.Known.IsCompleted);
        Assert.True(subscribers.Follows(Service("solver")));
        Assert.Equal(0, subscribers.Word().Services.Single().Revision.Value);

        cache.Join(InstanceId.Parse("web.0"), new Incarnation(7), [Service("solver")]);
        cache.Use(InstanceId.Parse("web.0"), new Incarnation(7), [Set("solver", 5)]);
        Assert.Equal(5, subscribers.Word().Services.Single().Revision.Value);
        cache.Take(Set("solver", 6));
        Assert.Equal("the generated files of web.0", subscribers.Word().Services.Single().Late.Single().Name);
        cache.Leave(InstanceId.Parse("web.0"), new Incarnation(7));
        Assert.Equal(6, subscribers.Word().Services.Single().Revision.Value);
    }

    private NamingCache NewCache() => new(
        Own, new Subscribers(_time, _ => { }, null), _time, s => _subscriptions.Enqueue(string.Join(' ', s.Services)));

    private sealed class SettableTime : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan by) => _now += by;
    }
}
