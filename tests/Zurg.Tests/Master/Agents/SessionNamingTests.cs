using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Agents;
using Zurg.Master.Naming;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Agents;

public sealed class SessionNamingTests
{
    private static readonly ServiceName Web = new("web");
    private readonly NamingFanOut _fanOut = new(new NoView());
    private readonly Subscriber _session = new();
    private readonly SessionNaming _naming;

    public SessionNamingTests() => _naming = new SessionNaming(_fanOut);

    [Fact]
    public void To_join_takes_the_speakers_word_and_to_leave_does_not()
    {
        Show(1);
        _naming.Ask(_session, [Web]);
        Assert.Empty(_session.Seen);

        _naming.Follow(_session, [Web], new Revision(1));
        Assert.Equal([1L], _session.Seen);

        // The speaker has not heard yet that it left; when it comes back, it is let in anew.
        _naming.Ask(_session, []);
        Show(2);
        _naming.Ask(_session, [Web]);
        Show(3);
        Assert.Equal([1L], _session.Seen);
        _naming.Follow(_session, [Web], new Revision(4));
        Assert.Equal([1L], _session.Seen);
        Show(4);
        Assert.Equal([1L, 4L], _session.Seen);
    }

    [Fact]
    public void The_speakers_word_for_what_is_asked_for_no_more_comes_too_late()
    {
        Show(1);
        _naming.Ask(_session, [Web]);
        _naming.Ask(_session, []);
        _naming.Follow(_session, [Web], new Revision(1));
        Assert.Empty(_session.Seen);

        _naming.Ask(_session, [Web]);
        _naming.Leave(_session);
        _naming.Follow(_session, [Web], new Revision(1));
        Show(2);
        Assert.Empty(_session.Seen);
    }

    [Fact]
    public void What_was_lost_is_told_again_and_what_is_on_its_way_is_not()
    {
        _naming.Ask(_session, [Web]);
        _naming.Follow(_session, [Web], new Revision(1));
        Show(1);
        Show(2);
        Assert.Equal([1L, 2L], _session.Seen);

        Assert.Empty(_naming.Check(_session, Known(1)));
        Assert.Equal([1L, 2L], _session.Seen);
        Assert.Equal(Web, Assert.Single(_naming.Check(_session, Known(1))));
        Assert.Equal([1L, 2L, 2L], _session.Seen);

        Assert.Empty(_naming.Check(_session, Known(2)));
        Assert.Equal(Web, Assert.Single(_naming.Check(_session, Known(2, "damaged"))));
        Assert.Equal([1L, 2L, 2L, 2L], _session.Seen);

        _naming.Leave(_session);
        Assert.Empty(_naming.Check(_session, Known(1)));
        Assert.Equal(4, _session.Seen.Count);
    }

    [Fact]
    public void Nothing_is_told_again_to_who_may_not_be_told_yet()
    {
        Show(1);
        _naming.Ask(_session, [Web]);
        _naming.Follow(_session, [Web], new Revision(9));

        Assert.Empty(_naming.Check(_session, Known(0)));
        Assert.Empty(_naming.Check(_session, Known(0)));
        Assert.Empty(_session.Seen);
    }

    private static KnownSets Known(long revision, string? damage = null) => new()
    {
        Services =
        [
            new KnownSet(Web, new Revision(revision), damage is null
                ? SetCheck.DigestOf(new EndpointSet { Service = Web, Revision = new Revision(revision) })
                : Digest.Of(System.Text.Encoding.UTF8.GetBytes(damage))),
        ],
    };

    private void Show(long revision)
    {
        var set = new EndpointSet { Service = Web, Revision = new Revision(revision) };
        var naming = NamingState.Empty with { Sets = NamingState.Empty.Sets.Add(Web, set) };
        _fanOut.Publish(new ClusterSnapshot(ClusterState.Empty with { Revision = set.Revision }, naming));
    }

    private sealed class NoView : IClusterView
    {
        public ClusterSnapshot Current => throw new NotSupportedException();

        public IAsyncEnumerable<ClusterSnapshot> WatchAsync(CancellationToken stop) => throw new NotSupportedException();
    }

    private sealed class Subscriber : INamingSubscriber
    {
        public List<long> Seen { get; } = [];

        public void Offer(EndpointPush push) => Seen.Add(push.Set.Revision.Value);
    }
}
