using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Agents;
using Zurg.Master.Naming;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Naming;

public sealed class NamingFanOutTests
{
    private static readonly ServiceName Web = new("web");
    private static readonly ServiceName Other = new("other");
    private readonly NamingFanOut _naming = new(new NoView());

    [Fact]
    public void Nothing_is_said_before_the_store_was_read_and_then_the_empty_set_too()
    {
        var subscriber = new Subscriber();
        _naming.Subscribe(subscriber, [Web]);
        Show(0);
        Assert.Empty(subscriber.Offers);

        Show(1);

        Assert.Equal([(Web, 0L)], subscriber.Seen);
    }

    [Fact]
    public void Only_newer_sets_of_services_asked_for_are_offered()
    {
        var subscriber = new Subscriber();
        _naming.Subscribe(subscriber, [Web]);

        Show(5, Set(Web, 5), Set(Other, 4));
        Show(6, Set(Web, 5), Set(Other, 6));
        Show(8, Set(Web, 8));
        Show(9, Set(Web, 7));

        Assert.Equal([(Web, 5L), (Web, 8L)], subscriber.Seen);
    }

    [Fact]
    public void A_new_subscriber_gets_what_there_is_and_one_that_left_gets_nothing()
    {
        var (early, late) = (new Subscriber(), new Subscriber());
        _naming.Subscribe(early, [Web]);
        Show(5, Set(Web, 5), Set(Other, 3));

        _naming.Subscribe(late, [Web]);
        _naming.Subscribe(late, [Web, Other]);
        _naming.Subscribe(late, [Web]);
        _naming.Unsubscribe(early);
        _naming.Unsubscribe(early);
        Show(6, Set(Web, 6), Set(Other, 6));

        Assert.Equal([(Web, 5L), (Other, 3L), (Web, 6L)], late.Seen);
        Assert.Equal([(Web, 5L)], early.Seen);
    }

    /// <summary>Its facts are at revision 7: a set from before may list what nobody waits for any more.</summary>
    [Fact]
    public void Nothing_from_before_the_facts_that_name_the_subscriber_is_offered()
    {
        var (early, late) = (new Subscriber(), new Subscriber());
        _naming.Subscribe(early, [Web]);
        Show(5, Set(Web, 5), Set(Other, 3));

        _naming.Subscribe(late, [Web, Other], new Revision(7));
        Assert.Empty(late.Offers);
        Show(6, Set(Web, 6), Set(Other, 3));
        Assert.Empty(late.Offers);
        Assert.Equal([(Web, 5L), (Web, 6L)], early.Seen);

        Show(7, Set(Web, 6), Set(Other, 3));
        Assert.Equal([(Other, 3L), (Web, 6L)], late.Seen.OrderBy(s => s.Service));
        Show(8, Set(Web, 8), Set(Other, 3));
        Assert.Equal((Web, 8L), late.Seen[2]);

        // What it has already is not held back by what it asks for next.
        _naming.Subscribe(late, [Web], new Revision(20));
        Show(9, Set(Web, 9));
        Assert.Equal((Web, 9L), late.Seen[^1]);
    }

    [Fact]
    public void Who_leaves_while_it_waits_is_never_offered_anything()
    {
        var (gone, fewer) = (new Subscriber(), new Subscriber());
        _naming.Subscribe(gone, [Web], new Revision(7));
        _naming.Subscribe(fewer, [Web, Other], new Revision(7));
        _naming.Unsubscribe(gone);
        _naming.Subscribe(fewer, [Other], new Revision(8));

        Show(9, Set(Web, 9), Set(Other, 9));

        Assert.Empty(gone.Offers);
        Assert.Equal([(Other, 9L)], fewer.Seen);
    }

    [Fact]
    public void All_subscribers_share_the_same_bytes()
    {
        var (a, b) = (new Subscriber(), new Subscriber());
        _naming.Subscribe(a, [Web]);
        _naming.Subscribe(b, [Web]);
        Show(5, Set(Web, 5));

        Assert.Same(a.Offers[0], b.Offers[0]);
        Assert.True(a.Offers[0].Message.Equals(b.Offers[0].Message));
        Assert.Equal((byte)'\n', a.Offers[0].Line.Span[^1]);
    }

    [Fact]
    public void A_slow_session_keeps_the_newest_of_each_kind_and_service()
    {
        var slots = new SessionSlots();
        for (var i = 1; i <= 100; i++)
        {
            slots.Assign(new Assignment { Host = new HostId("host1"), Generation = new Generation(i) });
            slots.Offer(new EndpointPush(Set(Web, i)));
            slots.Offer(new EndpointPush(Set(Other, i)));
            slots.KeepEvents(i);
        }

        slots.KeepEvents(7);
        var (messages, refusal) = slots.Take();

        Assert.Null(refusal);
        Assert.Equal(4, messages.Length);
        Assert.Equal(100, messages[0].Message.Assignment!.Generation.Value);
        Assert.All(messages[1..3], m => Assert.Equal(100, m.Message.Endpoints!.Revision.Value));
        Assert.Equal(100, messages[3].Message.EventsKept);
        Assert.Empty(slots.Take().Messages);
    }

    [Fact]
    public void Requests_for_logs_are_bounded()
    {
        var slots = new SessionSlots();
        var ask = new MasterMessage { Log = new LogRequest(1, InstanceId.Parse("web.0"), 0, 100, TimeSpan.Zero) };
        for (var i = 0; i < SessionSlots.RequestsMax; i++)
        {
            Assert.True(slots.TryAsk(ask));
        }

        Assert.False(slots.TryAsk(ask));
        Assert.Equal(SessionSlots.RequestsMax, slots.Take().Messages.Length);
        Assert.True(slots.TryAsk(ask));
    }

    private void Show(long revision, params EndpointSet[] sets)
    {
        var naming = sets.Aggregate(NamingState.Empty, (n, set) => n with { Sets = n.Sets.Add(set.Service, set) });
        _naming.Publish(new ClusterSnapshot(ClusterState.Empty with { Revision = new Revision(revision) }, naming));
    }

    private static EndpointSet Set(ServiceName service, long revision) =>
        new() { Service = service, Revision = new Revision(revision) };

    private sealed class NoView : IClusterView
    {
        public ClusterSnapshot Current => throw new NotSupportedException();

        public IAsyncEnumerable<ClusterSnapshot> WatchAsync(CancellationToken stop) => throw new NotSupportedException();
    }

    private sealed class Subscriber : INamingSubscriber
    {
        public List<EndpointPush> Offers { get; } = [];

        public List<(ServiceName Service, long Revision)> Seen => [.. Offers.Select(o => (o.Set.Service, o.Set.Revision.Value))];

        public void Offer(EndpointPush push) => Offers.Add(push);
    }
}
