using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class RetiringTests
{
    [Fact]
    public void A_retired_service_is_drained_removed_and_stays_away_until_that_is_taken_back()
    {
        var web = new ServiceName("web");
        var world = World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();
        var retired = world.Intend(ServiceIntent.Of(web) with { Retired = new RetiredIntent(World.Noon, "ann") });

        Assert.All(retired.Plan().Steps, s => Assert.IsType<Step.Drain>(s));
        retired = retired.Settle();
        Assert.Equal("", retired.Placed());
        var hold = Assert.Single(retired.Plan().Holds);
        Assert.Equal(HoldReason.Retired, hold.Reason);
        Assert.Contains("retired by ann", hold.Text, StringComparison.Ordinal);

        Assert.True(retired.Intend(ServiceIntent.Of(web)).Settle().Plan().IsConverged);
        Assert.True(retired.Apply().Settle().Plan().IsConverged);
    }
}
