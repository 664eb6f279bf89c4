using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class OutdatingTests
{
    private readonly AgentDriver _agent = new();

    private InstanceStatus Said => AgentReport.StatusOf(_agent.Web);

    [Fact]
    public void The_master_is_told_of_the_first_file_once_changes_within_a_second_are_in()
    {
        _agent.RunWeb();
        var changedAt = _agent.Now;
        Change("a.conf");
        _agent.Wait(TimeSpan.FromMilliseconds(900));
        Change("b.conf");
        Assert.Null(Said.Outdated);
        _agent.Wait(TimeSpan.FromMilliseconds(100));
        Assert.Equal(new OutdatedFile("a.conf", changedAt), Said.Outdated);
        Assert.True(Said is { Hold: null } && Said.IsReady(), "it serves as well as before");
    }

    [Fact]
    public void Without_a_masters_word_it_runs_on_however_long_that_takes()
    {
        _agent.RunWeb();
        Change("a.conf");
        var wakeups = _agent.Commits.Count;
        _agent.Wait(TimeSpan.FromMinutes(10));
        Assert.Equal((InstancePhase.Running, 100), (_agent.Web.Phase, Said.Pid));
        Assert.True(_agent.Commits.Count - wakeups < 700, "it wakes up again and again for what it may not do");
        Assert.Empty(_agent.Effects.OfType<AgentEffect.Signal>());
    }

    [Fact]
    public void The_masters_word_restarts_the_incarnation_that_it_names_and_no_other()
    {
        _agent.RunWeb();
        var first = _agent.Now0;
        Change("a.conf");
        _agent.Wait(TimeSpan.FromSeconds(2));
        _agent.Say(Assign(2, Ending(new Incarnation(first.Value + 5))));
        Assert.Equal(InstancePhase.Running, _agent.Web.Phase);
        _agent.Say(Assign(3, Ending(first)));
        Assert.Equal((InstancePhase.Stopping, "restarted for a changed template"), (_agent.Web.Phase, _agent.Web.Stop!.Reason));
        Assert.Null(Said.Outdated);
        _agent.Exit(Code(0));
        _agent.Gone();
        _agent.StartWeb(101);
        Assert.Equal((true, 0), (_agent.Web.LastExit!.Asked, _agent.Web.Crashes));
        Assert.NotEqual(first, _agent.Now0);

        // Said again, and kept by an agent that was restarted, the word means nothing to the next incarnation.
        _agent.Say(Assign(4, Ending(first)));
        _agent.Restart();
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(101)));
        _agent.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal((InstancePhase.Running, 101, null), (_agent.Web.Phase, Said.Pid, Said.Outdated));
    }

    [Fact]
    public void The_word_ends_what_an_agent_no_longer_knows_to_be_outdated()
    {
        _agent.RunWeb();
        _agent.Say(Assign(2, Ending(_agent.Now0)));
        Assert.Equal(InstancePhase.Stopping, _agent.Web.Phase);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(2)]
    public void A_restarted_agent_still_says_so(double seconds)
    {
        _agent.RunWeb();
        Change("a.conf");
        _agent.Wait(TimeSpan.FromSeconds(seconds));
        _agent.Restart();
        _agent.Say(new AgentInput.Found(Web, _agent.Now0, Pid(100)));
        _agent.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal((InstancePhase.Running, "a.conf"), (_agent.Web.Phase, Said.Outdated?.File));
    }

    [Fact]
    public void A_restart_that_an_earlier_build_had_set_a_time_for_is_asked_for()
    {
        var old = InstanceWords.In(InstancePhase.Running) with { TemplateRestartAt = Start };
        Assert.Equal(new OutdatedFile("a generated file", Start), Outdating.Keep(old).RestartAsked);
        Assert.Null(Outdating.Keep(InstanceWords.In(InstancePhase.Running)).RestartAsked);
    }

    [Fact]
    public void One_that_crashes_has_read_its_files_when_it_runs_again()
    {
        _agent.RunWeb();
        Change("a.conf");
        _agent.Wait(TimeSpan.FromSeconds(2));
        _agent.Exit(Code(1));
        _agent.Gone();
        _agent.Wait(TimeSpan.FromSeconds(1));
        _agent.StartWeb(101);
        _agent.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal((InstancePhase.Running, null), (_agent.Web.Phase, Said.Outdated));
    }

    private static AssignedInstance Ending(Incarnation ends) => Assigned(Web) with { Ends = ends };

    private void Change(string to) => _agent.Say(
        new AgentInput.TemplateChanged(Web, _agent.Now0, new TemplateSpec("a.hbs", to, TemplateThen.Restart)));
}
