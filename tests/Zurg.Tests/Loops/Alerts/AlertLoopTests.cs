using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Loops.Alerts;

public sealed class AlertLoopTests
{
    private static readonly RoleGuard Guard = new("roles/decider", new Revision(1), new Epoch(1));

    private static World Low => World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle().Low("host1", "low on disk on /");

    [Fact]
    public async Task Nobody_is_told_what_the_store_has_not_kept()
    {
        var store = new BookStore { Faulty = true };
        await using var run = Run.Begin(store, Low);
        await run.PassAsync(() => store.Commits > 2);
        Assert.Empty(run.Loop.Current.Alerts);

        store.Faulty = false;
        await run.PassAsync(() => run.Loop.Current.Alerts.Length == 1);
        var kept = JsonSerializer.Deserialize(store.Value, WireJson.Default.AlertBook)!;
        Assert.Equal("host_low/host1/disk:/", Assert.Single(kept.Alerts).Key);
    }

    [Fact]
    public async Task The_next_master_goes_on_with_the_book_and_tells_nothing_twice()
    {
        var store = new BookStore();
        await using (var first = Run.Begin(store, Low))
        {
            await first.PassAsync(() => first.Loop.Current.LastNumber == 1);
        }

        await using var second = Run.Begin(store, Low);
        await second.PassAsync(() => second.Loop.Current.Alerts.Length == 1);
        var commits = store.Commits;
        await second.LookAsync(5);
        Assert.Equal((1, commits), (second.Loop.Current.LastNumber, store.Commits));
    }

    [Fact]
    public async Task What_happened_before_the_first_look_is_no_news_and_what_happens_then_is()
    {
        var store = new BookStore();
        await using var run = Run.Begin(store, Low, Quarantined(1));
        await run.PassAsync(() => run.Loop.Current.Alerts.Length == 1);
        run.Events = run.Events.Add(Quarantined(2));
        await run.PassAsync(() => run.Loop.Current.Alerts.Length == 2);
    }

    [Fact]
    public async Task Time_that_trouble_has_lasted_is_written_seldom()
    {
        var store = new BookStore();
        var world = World.Of("host1@az1").Apply(Specs.Service("big", 1).Memory(1L << 50));
        await using var run = Run.Begin(store, world);
        await run.PassAsync(() => store.Commits == 1);
        await run.LookAsync(30);
        Assert.Equal(1, store.Commits);
    }

    private static EventRecord Quarantined(long id) => new()
    {
        Id = id, At = World.Noon, Kind = EventKind.ReleaseQuarantined, Host = new HostId($"host{id}"), Text = "edited",
    };

    /// <summary>A loop under a clock of its own.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly ManualTime _time = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;
        private int _looks;

        private Run(BookStore store, World world, EventRecord[] events)
        {
            Events = [.. events];
            var log = new AlertEvents(
                () => Events.Select(e => e.Id).LastOrDefault(),
                after =>
                {
                    Interlocked.Increment(ref _looks);
                    return [.. Events.Where(e => e.Id > after)];
                });
            var view = new FixedView(new ClusterSnapshot(world.State, world.Naming));
            Loop = new AlertLoop(store, view, log, Guard, _time, NullLogger<AlertLoop>.Instance);
            _running = Loop.RunAsync(_stop.Token);
        }

        public AlertLoop Loop { get; }

        public ImmutableArray<EventRecord> Events { get; set; }

        public static Run Begin(BookStore store, World world, params EventRecord[] events) => new(store, world, events);

        public Task PassAsync(Func<bool> until) => Eventually.TrueAsync(
            () =>
            {
                _time.Advance(AlertLoop.LookEvery);
                return until();
            },
            "the loop comes to it");

        public Task LookAsync(int more)
        {
            var most = Volatile.Read(ref _looks) + more;
            return PassAsync(() => Volatile.Read(ref _looks) >= most);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }
    }

    /// <summary>Holds one key.</summary>
    private sealed class BookStore : IStateStore
    {
        private long _revision = 10;

        public bool Faulty { get; set; }

        public int Commits { get; private set; }

        public byte[]? Value { get; private set; }

        public ValueTask<StoreSnapshot> ListAsync(string prefix, Revision? at, CancellationToken stop) =>
            ValueTask.FromResult(new StoreSnapshot(new Revision(_revision), Value is null
                ? []
                : [new StoreEntry(StoreKeys.Alerts, Value, new Revision(_revision))]));

        public ValueTask<CommitOutcome> CommitAsync(StoreCommit commit, CancellationToken stop)
        {
            Commits++;
            if (Faulty)
            {
                throw new StoreFaultException("no space left on device");
            }

            var expected = commit.Expectations.Single(e => e.Key == StoreKeys.Alerts).Modified.Value;
            Assert.Equal(Value is null ? 0 : _revision, expected);
            Value = Assert.Single(commit.Writes).Value!.Value.ToArray();
            return ValueTask.FromResult<CommitOutcome>(new CommitOutcome.Committed(new Revision(++_revision)));
        }

        public IAsyncEnumerable<StoreChanges> WatchAsync(string prefix, Revision after, CancellationToken stop) =>
            throw new NotSupportedException();

        public ValueTask CompactAsync(Revision upTo, CancellationToken stop) => throw new NotSupportedException();
    }

    private sealed class FixedView(ClusterSnapshot snapshot) : IClusterView
    {
        public ClusterSnapshot Current => snapshot;

        public IAsyncEnumerable<ClusterSnapshot> WatchAsync(CancellationToken stop) => throw new NotSupportedException();
    }
}
