using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Loops.Decider;

public sealed class DeciderLoopTests
{
    private static readonly RoleGuard Guard = new("roles/decider", new Revision(1), new Epoch(1));

    [Fact]
    public async Task A_plan_that_the_store_did_not_take_is_made_again_although_nothing_else_ever_changes()
    {
        var store = new FaultingStore(faults: 2);
        var view = new FixedView(World.Of("host1@az1").Apply(Specs.Service("web", 1)));
        var loop = new DeciderLoop(store, view, new NoLog(), Guard, TimeProvider.System, NullLogger<DeciderLoop>.Instance);
        using var stop = new CancellationTokenSource();

        var running = Task.Run(() => loop.RunAsync(stop.Token));
        await Eventually.TrueAsync(() => store.Committed is not null, "the placement is committed");
        await stop.CancelAsync();
        await Task.WhenAny(running);

        Assert.Equal("rollouts/web", store.Committed!.Writes[0].Key);
        var write = store.Committed.Writes[1];
        var placements = JsonSerializer.Deserialize(write.Value!.Value.Span, WireJson.Default.HostPlacements)!;
        Assert.Equal("web.0", Assert.Single(placements.Instances).Instance.Value);
    }

    [Fact]
    public async Task What_a_plan_tells_is_told_also_when_the_log_did_not_take_it_at_once()
    {
        var (store, log) = (new FaultingStore(faults: 0), new FaultingLog());
        var view = new FixedView(World.Of("host1@az1").Apply(Specs.Service("web", 1)));
        var loop = new DeciderLoop(store, view, log, Guard, TimeProvider.System, NullLogger<DeciderLoop>.Instance);
        using var stop = new CancellationTokenSource();

        var running = Task.Run(() => loop.RunAsync(stop.Token));
        await Eventually.TrueAsync(() => log.Kept.Length > 0, "the log takes it");
        await stop.CancelAsync();
        await Task.WhenAny(running);

        Assert.Contains(log.Refused, e => e.Kind == EventKind.InstancePlaced);
        Assert.Equal(log.Refused, log.Kept.Take(log.Refused.Length));
    }

    [Fact]
    public async Task A_drain_ends_with_its_limit_although_nothing_else_ever_changes()
    {
        var time = new ManualTime();
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle() with { Now = time.GetUtcNow() };
        world = world.Apply(Specs.Service("web", 1, "2.0"));
        world = world.Commit(world.Plan());
        var store = new FaultingStore(faults: 0);
        var loop = new DeciderLoop(store, new FixedView(world), new NoLog(), Guard, time, NullLogger<DeciderLoop>.Instance);
        using var stop = new CancellationTokenSource();

        var running = Task.Run(() => loop.RunAsync(stop.Token));
        await Eventually.TrueAsync(() => time.Armed == 1, "it waits for the limit");
        time.Advance(StopPolicy.DrainUsual - TimeSpan.FromSeconds(1));
        Assert.Null(store.Committed);
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => store.Committed is not null, "the change is committed");
        await stop.CancelAsync();
        await Task.WhenAny(running);

        var written = store.Committed!.Writes[0].Value!.Value;
        var placements = JsonSerializer.Deserialize(written.Span, WireJson.Default.HostPlacements)!;
        Assert.Null(Assert.Single(placements.Instances).DrainingSince);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_clock_that_is_set_neither_ends_a_drain_nor_prolongs_it(int hours)
    {
        var time = new ManualTime();
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle() with { Now = time.GetUtcNow() };
        world = world.Apply(Specs.Service("web", 1, "2.0"));
        world = world.Commit(world.Plan());
        var (store, view) = (new FaultingStore(faults: 0), new FixedView(world));
        var loop = new DeciderLoop(store, view, new NoLog(), Guard, time, NullLogger<DeciderLoop>.Instance);
        using var stop = new CancellationTokenSource();
        var running = Task.Run(() => loop.RunAsync(stop.Token));
        await Eventually.TrueAsync(() => time.Armed == 1, "it waits for the limit");

        time.Jump(TimeSpan.FromHours(hours));
        var before = view.Looks;
        for (var looks = 1; looks <= 2; looks++)
        {
            // The second look comes after all that the first one led to.
            view.Show();
            await Eventually.TrueAsync(() => view.Looks >= before + looks, "it plans again");
        }

        Assert.Null(store.Committed);
        time.Advance(StopPolicy.DrainUsual);
        await Eventually.TrueAsync(() => store.Committed is not null, "the change is committed");
        await stop.CancelAsync();
        await Task.WhenAny(running);
    }

    /// <summary>A timer takes no more than 49.7 days.</summary>
    [Fact]
    public async Task What_is_due_in_many_weeks_is_waited_for_in_parts()
    {
        var (time, bake) = (new ManualTime(), TimeSpan.FromDays(60));
        var update = Specs.OneAway with { Canary = 1, Bake = bake };
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 2) with { Update = update }).Settle();
        world = (world with { Now = time.GetUtcNow() }).Apply(Specs.Service("web", 2, "2.0") with { Update = update }).Settle();
        Assert.True(world.Plan().WakeAt >= time.GetUtcNow() + bake);
        var (store, view) = (new FaultingStore(faults: 0), new FixedView(world));
        var loop = new DeciderLoop(store, view, new NoLog(), Guard, time, NullLogger<DeciderLoop>.Instance);
        using var stop = new CancellationTokenSource();
        var running = Task.Run(() => loop.RunAsync(stop.Token));

        await Eventually.TrueAsync(() => time.Armed == 1, "it waits for the end of the watch");
        var before = view.Looks;
        time.Advance(bake / 2);
        await Eventually.TrueAsync(() => view.Looks > before && time.Armed == 1, "it waits for the rest");
        Assert.Null(store.Committed);
        time.Advance(bake / 2);
        await Eventually.TrueAsync(() => store.Committed is not null, "the next stage is committed");
        await stop.CancelAsync();
        await Task.WhenAny(running);
    }

    [Fact]
    public async Task What_a_lost_host_had_is_taken_from_it_only_while_it_is_lost()
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle().Lose("host2");
        var store = new FaultingStore(faults: 0);
        var loop = new DeciderLoop(
            store, new FixedView(world), new NoLog(), Guard, TimeProvider.System, NullLogger<DeciderLoop>.Instance);
        using var stop = new CancellationTokenSource();
        var running = Task.Run(() => loop.RunAsync(stop.Token));
        await Eventually.TrueAsync(() => store.Committed is not null, "what it had is taken away");
        await stop.CancelAsync();
        await Task.WhenAny(running);

        var (placements, facts) = (StoreKeys.Placements(new HostId("host2")), StoreKeys.Facts(new HostId("host2")));
        Assert.Equal(placements, Assert.Single(store.Committed!.Writes).Key);
        Assert.Contains(new StoreExpectation(facts, world.State.ModifiedOf(facts)), store.Committed.Expectations);
    }

    /// <summary>Takes nothing so many times, as a full disk does.</summary>
    private sealed class FaultingStore(int faults) : IStateStore
    {
        private int _faults = faults;
        private StoreCommit? _committed;

        public StoreCommit? Committed => Volatile.Read(ref _committed);

        public ValueTask<CommitOutcome> CommitAsync(StoreCommit commit, CancellationToken stop)
        {
            if (_faults-- > 0)
            {
                throw new StoreFaultException("no space left on device");
            }

            Volatile.Write(ref _committed, commit);
            return ValueTask.FromResult<CommitOutcome>(new CommitOutcome.Committed(new Revision(100)));
        }

        public ValueTask<StoreSnapshot> ListAsync(string prefix, Revision? at, CancellationToken stop) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<StoreChanges> WatchAsync(string prefix, Revision after, CancellationToken stop) =>
            throw new NotSupportedException();

        public ValueTask CompactAsync(Revision upTo, CancellationToken stop) => throw new NotSupportedException();
    }

    /// <summary>One snapshot, and never another one.</summary>
    private sealed class FixedView(World world) : IClusterView
    {
        private readonly ClusterSnapshot _snapshot = new(world.State, world.Naming);
        private readonly SemaphoreSlim _shown = new(1);
        private int _looks;

        public ClusterSnapshot Current
        {
            get
            {
                Interlocked.Increment(ref _looks);
                return _snapshot;
            }
        }

        /// <summary>How often it was looked at.</summary>
        public int Looks => Volatile.Read(ref _looks);

        public void Show() => _shown.Release();

        public async IAsyncEnumerable<ClusterSnapshot> WatchAsync(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
        {
            while (true)
            {
                await _shown.WaitAsync(stop);
                yield return _snapshot;
            }
        }
    }

    /// <summary>Takes nothing the first time.</summary>
    private sealed class FaultingLog : IEventLog
    {
        private ImmutableArray<EventRecord>[] _asked = [];

        public ImmutableArray<EventRecord> Refused => Volatile.Read(ref _asked)[0];

        public ImmutableArray<EventRecord> Kept => Volatile.Read(ref _asked) is [_, var kept, ..] ? kept : [];

        public ValueTask AppendAsync(HostId? agent, ImmutableArray<EventRecord> events, CancellationToken stop)
        {
            Volatile.Write(ref _asked, [.. _asked, events]);
            return _asked.Length > 1 ? default : throw new StoreFaultException("no space left on device");
        }
    }

    private sealed class NoLog : IEventLog
    {
        public ValueTask AppendAsync(HostId? agent, ImmutableArray<EventRecord> events, CancellationToken stop) => default;
    }
}
