using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Alerts;

public sealed class AlertConditionTests
{
    [Fact]
    public void An_agent_that_gave_up_on_an_instance_is_a_crash_loop_and_no_second_alert_as_a_hold()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle();
        var facts = world.State.Facts.Values.Single();
        var hold = new Hold(HoldReason.TooManyRestarts, "not restarted before 12:10:00 UTC", "zurg restart web");
        var held = facts with { Instances = [facts.Instances[0] with { Hold = hold, Phase = InstancePhase.Waiting }] };
        world = world.Put(StoreKeys.Facts(facts.Host), held, WireJson.Default.HostFacts);

        var book = AlertRules.Next(
            AlertBook.Empty, new AlertView(world.State, world.Plan().Holds, []), World.Noon + TimeSpan.FromMinutes(1));
        book = AlertRules.Next(book, new AlertView(world.State, world.Plan().Holds, []), World.Noon + TimeSpan.FromHours(1));

        var alert = Assert.Single(book.Alerts);
        Assert.Equal(("crash_loop/web.0", "host1"), (alert.Key, alert.Host?.Value));
        Assert.Contains("not restarted before", alert.Text, StringComparison.Ordinal);
    }
}
