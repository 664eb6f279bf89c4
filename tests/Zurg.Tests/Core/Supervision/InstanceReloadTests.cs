using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceReloadTests
{
    private static readonly TimeSpan Soon = InstanceReload.Gather + TimeSpan.FromMilliseconds(10);

    private readonly AgentDriver _agent = new();

    private IEnumerable<AgentEffect.Reload> Sent => _agent.Effects.OfType<AgentEffect.Reload>();

    [Fact]
    public void What_changes_within_a_moment_is_one_signal()
    {
        _agent.RunWeb();
        Change("a.conf");
        Change("b.conf");
        Assert.Empty(Sent);
        _agent.Wait(Soon);
        Assert.Equal(("HUP", Pid(100)), (Assert.Single(Sent).Name, Sent.Single().Process));
        _agent.Wait(TimeSpan.FromSeconds(5));
        Assert.Single(Sent);
    }

    [Fact]
    public void Two_signals_are_two_whatever_their_moment()
    {
        _agent.RunWeb();
        Change("a.conf");
        Change("b.conf", "USR1");
        _agent.Wait(Soon);
        Assert.Equal(["HUP", "USR1"], Sent.Select(s => s.Name).Order());
    }

    [Fact]
    public void No_signal_is_sent_before_it_is_ready_and_the_one_that_is_owed_then()
    {
        _agent.Say(Assign(1, Assigned(Web)));
        _agent.Say(new AgentInput.Prepared(Web, _agent.Now0, Launch()));
        Change();
        _agent.Say(new AgentInput.Started(Web, _agent.Now0, Pid(100)));
        _agent.Wait(TimeSpan.FromSeconds(5));
        Assert.Empty(Sent);
        _agent.Probe(passed: true);
        Assert.Single(Sent);
    }

    [Fact]
    public void The_next_one_waits_until_the_program_has_taken_over_what_the_one_before_told()
    {
        _agent.RunWeb();
        Change();
        _agent.Wait(Soon);
        Change();
        _agent.Wait(TimeSpan.FromSeconds(5));
        Assert.Single(Sent);
        Tell(ReloadProgress.TakenOver);
        Assert.Equal(2, Sent.Count());
    }

    [Fact]
    public void Between_two_is_a_second_however_quick_the_program_is()
    {
        _agent.RunWeb();
        Change();
        _agent.Wait(Soon);
        Tell(ReloadProgress.Done);
        Change();
        _agent.Wait(TimeSpan.FromMilliseconds(900));
        Assert.Single(Sent);
        _agent.Wait(TimeSpan.FromMilliseconds(200));
        Assert.Equal(2, Sent.Count());
    }

    [Fact]
    public void A_clock_that_was_set_back_keeps_none_from_being_sent()
    {
        _agent.RunWeb();
        Change();
        _agent.Wait(Soon);
        Tell(ReloadProgress.Done);
        _agent.Now -= TimeSpan.FromHours(1);
        _agent.Say(new AgentInput.Tick());
        Change();
        _agent.Wait(Soon);
        Assert.Equal(2, Sent.Count());
    }

    [Fact]
    public void It_is_owed_until_it_has_taken_effect_and_a_wait_is_shown()
    {
        _agent.RunWeb();
        Change();
        _agent.Wait(Soon);
        Tell(ReloadProgress.Waits, Held);
        Assert.Equal(Held, _agent.Web.ShownHold);
        Assert.True(_agent.Last.ReportNow);
        Tell(ReloadProgress.TakenOver, Held);
        Assert.True(Assert.Single(_agent.Web.Reloads) is { Owed: true, Busy: false });
        Tell(ReloadProgress.Done);
        Assert.True(Assert.Single(_agent.Web.Reloads) is { Owed: false, Hold: null });
    }

    [Fact]
    public void What_is_told_of_an_earlier_signal_changes_nothing()
    {
        _agent.RunWeb();
        Change();
        _agent.Wait(Soon);
        var first = Sent.Single();
        Tell(ReloadProgress.TakenOver);
        Change();
        _agent.Wait(TimeSpan.FromSeconds(1));
        var before = _agent.Web;
        _agent.Say(new AgentInput.ReloadTold(Web, _agent.Now0, "HUP", first.SentAt, ReloadProgress.Done));
        _agent.Say(new AgentInput.ReloadTold(Web, _agent.Now0, "USR1", first.SentAt, ReloadProgress.Done));
        Assert.Equal(before.Reloads, _agent.Web.Reloads);
        Assert.True(Assert.Single(_agent.Web.Reloads) is { Owed: true, Busy: true });
    }

    [Fact]
    public void A_change_that_came_after_the_signal_stays_owed_when_that_one_is_done()
    {
        _agent.RunWeb();
        Change();
        _agent.Wait(Soon);
        Change();
        Tell(ReloadProgress.Done);
        Assert.True(Assert.Single(_agent.Web.Reloads).Owed);
        _agent.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Sent.Count());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_next_agent_sends_again_what_has_not_taken_effect_once_the_process_is_found(bool done)
    {
        _agent.RunWeb();
        Change();
        _agent.Wait(Soon);
        if (done)
        {
            Tell(ReloadProgress.Done);
        }

        _agent.Restart();
        _agent.Wait(TimeSpan.FromSeconds(1));
        Assert.Single(Sent);
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        _agent.Wait(TimeSpan.FromSeconds(3));
        Assert.Equal(done ? 1 : 2, Sent.Count());
    }

    [Fact]
    public void A_restart_that_may_have_to_wait_keeps_no_signal_back()
    {
        _agent.RunWeb();
        Change(then: TemplateThen.Restart);
        Change();
        _agent.Wait(Soon);
        Assert.Single(Sent);
    }

    [Fact]
    public void A_clock_that_jumps_ahead_does_not_send_it_early_or_late()
    {
        _agent.RunWeb();
        Change();
        _agent.Now += TimeSpan.FromDays(1);
        _agent.Say(new AgentInput.Tick());
        Assert.Empty(Sent);
        _agent.Wait(Soon);
        Assert.Single(Sent);
    }

    private void Change(string to = "a.conf", string signal = "HUP", TemplateThen then = TemplateThen.Reload) =>
        _agent.Say(new AgentInput.TemplateChanged(Web, _agent.Now0, new TemplateSpec("a.hbs", to, then, signal)));

    private void Tell(ReloadProgress progress, Hold? hold = null) =>
        _agent.Say(new AgentInput.ReloadTold(Web, _agent.Now0, "HUP", Sent.Last(s => s.Name == "HUP").SentAt, progress, hold));
}
