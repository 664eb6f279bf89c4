using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Naming;

public sealed class SetCheckTests
{
    private static readonly ServiceName Web = new("web");
    private static readonly Digest Good = Digest.Of("good"u8);
    private static readonly Digest Bad = Digest.Of("bad"u8);

    [Theory]
    [InlineData(7L, true, 7L, 7L, false)]    // the same
    [InlineData(7L, false, 7L, 7L, true)]    // of the same revision, and not the same
    [InlineData(7L, false, null, 7L, true)]
    [InlineData(5L, false, null, 7L, false)] // perhaps on its way
    [InlineData(5L, false, 5L, 7L, false)]   // it had the newest at the check before
    [InlineData(5L, false, 6L, 7L, true)]    // it has still not what there was at the check before
    [InlineData(6L, false, 6L, 7L, false)]
    [InlineData(9L, false, 7L, 7L, false)]   // what it has is newer than this master's view
    [InlineData(null, false, null, 7L, false)]
    [InlineData(null, false, 5L, 7L, true)]  // it had none at the check before either, or lost it
    public void A_set_is_sent_again_when_it_cannot_be_on_its_way(
        long? theirs, bool isSame, long? before, long ours, bool isLost)
    {
        var earlier = ImmutableSortedDictionary<ServiceName, Revision>.Empty;
        var (next, again) = SetCheck.Compare(
            before is { } at ? earlier.Add(Web, new Revision(at)) : earlier,
            [new KnownSet(Web, theirs is { } t ? new Revision(t) : null, isSame ? Good : Bad)],
            Ours(ours));

        Assert.Equal(isLost, again.Contains(Web));
        Assert.Equal(new Revision(ours), next[Web]);
    }

    [Fact]
    public void What_the_host_is_not_told_here_is_left_alone()
    {
        var (next, again) = SetCheck.Compare(
            ImmutableSortedDictionary<ServiceName, Revision>.Empty.Add(new ServiceName("other"), new Revision(9)),
            [new KnownSet(new ServiceName("other"), new Revision(3), Bad)],
            Ours(7));

        Assert.Empty(again);
        Assert.Equal([Web], next.Keys);
    }

    [Fact]
    public void The_digest_is_of_what_consumers_act_on_and_not_of_the_revision()
    {
        var one = new EndpointSet { Service = Web, Revision = new Revision(1), Endpoints = [At(80)] };

        Assert.Equal(SetCheck.DigestOf(one), SetCheck.DigestOf(one with { Revision = new Revision(2) }));
        EndpointSet[] others =
        [
            one with { Endpoints = [] },
            one with { Endpoints = [At(81)] },
            one with { Endpoints = [At(80), At(80) with { Instance = new InstanceId(Web, 2) }] },
            one with { Endpoints = [At(80) with { State = EndpointState.Suspect }] },
            one with { Endpoints = [At(80) with { Incarnation = new Incarnation(2) }] },
            one with { Endpoints = [At(80) with { Address = "127.0.0.2" }] },
        ];
        Assert.Equal(others.Length + 1, others.Append(one).Select(SetCheck.DigestOf).Distinct().Count());
    }

    private static ImmutableSortedDictionary<ServiceName, KnownSet> Ours(long revision) =>
        ImmutableSortedDictionary<ServiceName, KnownSet>.Empty.Add(Web, new KnownSet(Web, new Revision(revision), Good));

    private static Endpoint At(int port) => new()
    {
        Instance = new InstanceId(Web, 1),
        Incarnation = new Incarnation(1),
        Host = new HostId("host1"),
        Cell = new CellName("az1"),
        Address = "127.0.0.1",
        Ports = ImmutableSortedDictionary<PortName, int>.Empty.Add(new PortName("http"), port),
        Release = Id.Parse<ReleaseId>("web@1"),
        State = EndpointState.Ready,
    };
}
