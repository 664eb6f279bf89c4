using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class ClockGuardTests
{
    private readonly AgentDriver _agent = new();

    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    public void A_jump_neither_cuts_a_grace_short_nor_prolongs_it(int seconds)
    {
        _agent.RunWeb();
        _agent.Say(Assign(2));
        _agent.Wait(TimeSpan.FromSeconds(10));
        _agent.Now += TimeSpan.FromSeconds(seconds);
        _agent.Wait(TimeSpan.FromSeconds(19));
        Assert.Null(_agent.Web.KilledAt);
        _agent.Wait(TimeSpan.FromSeconds(2));
        Assert.NotNull(_agent.Web.KilledAt);
    }

    [Fact]
    public void A_clock_set_back_freezes_no_restart()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.PrepareFailed(Web, _agent.Now0, Held));
        _agent.Now -= TimeSpan.FromHours(1);
        _agent.Wait(TimeSpan.FromMilliseconds(1)); // the jump is noticed
        _agent.Wait(TimeSpan.FromMilliseconds(110));
        Assert.Equal(InstancePhase.Preparing, _agent.Web.Phase);
    }

    [Fact]
    public void A_machine_that_slept_kills_nothing_that_was_starting()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        _agent.Say(new AgentInput.Started(Web, _agent.Now0, Pid(100)));
        _agent.Now += TimeSpan.FromHours(8);
        _agent.Say(new AgentInput.Tick());
        Assert.Equal(InstancePhase.Starting, _agent.Web.Phase);
        Assert.Empty(_agent.Last.Effects);
    }
}
