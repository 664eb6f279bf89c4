using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.SpeakerWords;

namespace Zurg.Tests.Loops.Speaker;

public sealed class SpeakerLoopTests : IAsyncLifetime
{
    private readonly FaultyStore _store = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Session _session = new();
    private RoleGuard _guard = null!;
    private SpeakerLoop _speaker = null!;
    private Task _running = Task.CompletedTask;
    private Task _speaking = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        var key = StoreKeys.Role("speaker");
        var taken = await _store.Memory.CommitAsync(new StoreCommit([], [new StoreWrite(key, "{}"u8.ToArray())]), default);
        _guard = new RoleGuard(key, Assert.IsType<CommitOutcome.Committed>(taken).Revision, new Epoch(1));
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAny(_running);
        _stop.Dispose();
    }

    [Fact]
    public async Task A_session_follows_a_service_only_once_the_store_says_so_and_from_that_revision_on()
    {
        _store.Faulty = true;
        Connect();
        _speaker.Subscribed(_session, new NamingSubscription { Services = [Web] });
        await Eventually.TrueAsync(() => _store.Faults > 1, "the commit was tried again");
        Assert.Empty(_session.Followed);

        _store.Faulty = false;
        await Eventually.TrueAsync(() => !_session.Followed.IsEmpty, "the session follows");

        var (services, since) = Assert.Single(_session.Followed);
        Assert.Equal(Web, Assert.Single(services));
        var entry = Assert.Single((await _store.Memory.ListAsync(StoreKeys.Facts(Host1), at: null, default)).Entries);
        Assert.Equal(entry.Modified, since);
        var facts = JsonSerializer.Deserialize(entry.Value.Span, WireJson.Default.HostFacts)!;
        Assert.Equal(Web, Assert.Single(facts.Follows));
    }

    [Fact]
    public async Task The_word_of_a_session_that_is_no_longer_the_newest_changes_nothing()
    {
        Connect();
        _speaker.Subscribed(_session, new NamingSubscription { Services = [Web] });
        await Eventually.TrueAsync(() => !_session.Followed.IsEmpty, "the session follows");
        var newer = new Session();
        _speaker.Connected(newer, new AgentHello { Host = Host1, AgentEpoch = new Epoch(1), Description = Describe() });

        _speaker.Subscribed(_session, new NamingSubscription());
        _speaker.Subscribed(newer, new NamingSubscription { Services = [new ServiceName("db"), Web] });
        await Eventually.TrueAsync(() => !newer.Followed.IsEmpty, "the newer session follows");

        Assert.Equal(["db", "web"], Assert.Single(newer.Followed).Services.Select(s => s.Value));
        Assert.Single(_session.Followed);
    }

    [Fact]
    public async Task A_deposed_speaker_lets_nobody_in_by_facts_that_it_wrote_long_ago()
    {
        Connect();
        _speaker.Subscribed(_session, new NamingSubscription { Services = [Web] });
        await Eventually.TrueAsync(() => !_session.Followed.IsEmpty, "the session follows");
        _store.ViewIsCut = true;
        await _store.Memory.CommitAsync(
            new StoreCommit([], [new StoreWrite(StoreKeys.Role("speaker"), "{}"u8.ToArray())]), default);

        _speaker.Subscribed(_session, new NamingSubscription { Services = [Web] });

        await Assert.ThrowsAsync<RoleLostException>(() => _speaking.WaitAsync(Eventually.Deadline));
        Assert.Single(_session.Followed);
    }

    [Fact]
    public async Task While_somebody_waits_for_a_service_the_store_says_how_far_its_consumers_are_and_no_longer()
    {
        Connect();
        _speaker.Subscribed(_session, new NamingSubscription { Services = [Web] });
        await Eventually.TrueAsync(() => !_session.Followed.IsEmpty, "the session follows");
        Assert.Null(_speaker.FollowersOf(Web).Single().Confirmed);
        await PlaceAsync(World.Noon);
        await Eventually.TrueAsync(() => Lowest() == 0, "the store says that nothing is confirmed");

        var word = new NamingConfirmation { Services = [new ConfirmedRevision(Web, new Revision(1))] };
        _speaker.Confirmed(_session, word);
        await Eventually.TrueAsync(() => Lowest() == 1, "the store says what is confirmed");
        Assert.Equal(1, _speaker.FollowersOf(Web).Single().Confirmed?.Value);

        await PlaceAsync(drainingSince: null);
        await Eventually.TrueAsync(() => Lowest() is null, "nobody waits");
    }

    /// <summary>Forward, all of its hosts would be silent at once, and that one storm of writes; back, none ever.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_clock_that_is_set_neither_makes_a_host_silent_nor_keeps_it_from_it(int hours)
    {
        var time = new ManualTime();
        Connect(time);
        await Eventually.TrueAsync(() => SessionOf() == HostSession.Connected, "the host is heard");
        time.Jump(TimeSpan.FromHours(hours));
        _speaker.Subscribed(_session, new NamingSubscription { Services = [Web] });
        await Eventually.TrueAsync(() => !_session.Followed.IsEmpty, "the speaker has stepped");
        Assert.Equal(HostSession.Connected, SessionOf());

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return SessionOf() == HostSession.Silent;
            },
            "the host is silent");
        Assert.True(time.GetElapsedTime(0) < TimeSpan.FromMinutes(30));
    }

    private HostSession? SessionOf()
    {
        var list = _store.Memory.ListAsync(StoreKeys.Facts(Host1), at: null, default).AsTask();
        Assert.True(list.IsCompletedSuccessfully);
        return list.Result.Entries.IsEmpty ? null
            : JsonSerializer.Deserialize(list.Result.Entries[0].Value.Span, WireJson.Default.HostFacts)!.Session;
    }

    private long? Lowest()
    {
        var list = _store.Memory.ListAsync(StoreKeys.Confirmed(Web), at: null, default).AsTask();
        Assert.True(list.IsCompletedSuccessfully);
        return list.Result.Entries.IsEmpty ? null
            : JsonSerializer.Deserialize(list.Result.Entries[0].Value.Span, WireJson.Default.ServiceConfirmation)!.Lowest.Value;
    }

    private async Task PlaceAsync(DateTimeOffset? drainingSince)
    {
        var placement = new Placement(
            InstanceId.Parse("web.0"), Digest.Of("spec"u8), Restarts: 0, WantedPhase.Running, drainingSince);
        var placed = new HostPlacements { Host = Host1, Instances = [placement] };
        var json = JsonSerializer.SerializeToUtf8Bytes(placed, WireJson.Default.HostPlacements);
        Assert.IsType<CommitOutcome.Committed>(await _store.Memory.CommitAsync(
            new StoreCommit([], [new StoreWrite(StoreKeys.Placements(Host1), json)]), default));
    }

    private void Connect(TimeProvider? time = null)
    {
        var view = new ClusterViewLoop(_store, TimeProvider.System, NullLogger<ClusterViewLoop>.Instance);
        _speaker = new SpeakerLoop(
            _store, view, new NoLog(), _guard, time ?? TimeProvider.System, NullLogger<SpeakerLoop>.Instance);
        _speaking = Task.Run(() => _speaker.RunAsync(_stop.Token));
        _running = Task.WhenAll(Task.Run(() => view.RunAsync(_stop.Token)), _speaking);
        _speaker.Connected(_session, new AgentHello { Host = Host1, AgentEpoch = new Epoch(1), Description = Describe() });
        _speaker.Reported(_session, Report(1));
    }

    /// <summary>The memory store, with commits that fail as long as a test wants.</summary>
    private sealed class FaultyStore : IStateStore
    {
        private volatile bool _faulty;
        private volatile bool _viewIsCut;
        private int _faults;

        public MemoryStateStore Memory { get; } = new();

        public bool Faulty
        {
            set => _faulty = value;
        }

        /// <summary>Whoever watches hears nothing any more.</summary>
        public bool ViewIsCut
        {
            set => _viewIsCut = value;
        }

        public int Faults => Volatile.Read(ref _faults);

        public ValueTask<CommitOutcome> CommitAsync(StoreCommit commit, CancellationToken stop)
        {
            if (_faulty)
            {
                Interlocked.Increment(ref _faults);
                throw new StoreFaultException("no space left on device");
            }

            return Memory.CommitAsync(commit, stop);
        }

        public ValueTask<StoreSnapshot> ListAsync(string prefix, Revision? at, CancellationToken stop) =>
            Memory.ListAsync(prefix, at, stop);

        public async IAsyncEnumerable<StoreChanges> WatchAsync(
            string prefix, Revision after, [EnumeratorCancellation] CancellationToken stop)
        {
            await foreach (var changes in Memory.WatchAsync(prefix, after, stop))
            {
                if (_viewIsCut)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, stop);
                }

                yield return changes;
            }
        }

        public ValueTask CompactAsync(Revision upTo, CancellationToken stop) => Memory.CompactAsync(upTo, stop);
    }

    private sealed class Session : IHostSession
    {
        private ImmutableList<(ImmutableArray<ServiceName> Services, Revision Since)> _followed = [];

        public ImmutableList<(ImmutableArray<ServiceName> Services, Revision Since)> Followed => Volatile.Read(ref _followed);

        public HostId Host => Host1;

        public Epoch AgentEpoch => new(1);

        public void Assign(Assignment assignment)
        {
        }

        public void KeepEvents(long number)
        {
        }

        public void Follow(ImmutableArray<ServiceName> services, Revision since) =>
            Volatile.Write(ref _followed, _followed.Add((services, since)));

        public void Refuse(string reason)
        {
        }
    }

    private sealed class NoLog : IEventLog
    {
        public ValueTask AppendAsync(HostId? agent, ImmutableArray<EventRecord> events, CancellationToken stop) => default;
    }
}
