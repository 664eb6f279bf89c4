using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Cluster;

public sealed class ClusterStateTests
{
    private static readonly HostId Host = new("host1");
    private static readonly ServiceName Web = new("web");

    [Fact]
    public void A_host_is_drained_while_the_newest_word_on_it_says_so()
    {
        var world = World.Of("host1@az1");
        Assert.Null(world.State.DrainOf(Host));
        Assert.Equal("ann", world.Empty("host1").State.DrainOf(Host)!.By);
        Assert.Null(world.Empty("host1").State.DrainOf(new HostId("host2")));
        Assert.Null(world.Empty("host1").Empty("host1", drained: false).State.DrainOf(Host));
    }

    [Fact]
    public void A_service_of_which_nobody_said_anything_has_an_intent_that_says_nothing()
    {
        var intent = ClusterState.Empty.IntentOf(Web);
        Assert.Equal((Web, false, 0, null), (intent.Service, intent.Stopped, intent.Restarts, intent.Retired));

        var stopped = new World().Intend(intent with { Stopped = true });
        Assert.True(stopped.State.IntentOf(Web).Stopped);
        Assert.Equal(stopped.State.Revision, stopped.State.ModifiedOf(StoreKeys.Intent(Web)));
        Assert.Equal(default, stopped.State.ModifiedOf("never/written"));
    }
}
