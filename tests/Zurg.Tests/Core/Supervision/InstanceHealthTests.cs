using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceHealthTests
{
    private static readonly InstanceState Ready = In(InstancePhase.Running);

    [Fact]
    public void A_pass_of_one_that_is_ready_changes_nothing_not_even_the_journal() =>
        Assert.Same(Ready, InstanceHealth.Passed(Ready, At(1)).State);

    [Fact]
    public void A_pass_ends_a_row_of_failures_silently_while_it_is_still_ready()
    {
        var turn = InstanceHealth.Passed(Ready with { Failures = 2, ProbeText = "refused" }, At(1));
        Assert.Equal((0, null, true), (turn.State!.Failures, turn.State.ProbeText, turn.State.Healthy));
        Assert.Equal(Start, turn.State.Since);
        Assert.Empty(turn.Events);
    }

    [Fact]
    public void A_pass_of_one_that_was_unready_says_for_how_long()
    {
        var unready = Ready with { Healthy = false, Failures = 3, ProbeText = "refused", Hold = Held };
        var turn = InstanceHealth.Passed(unready, At(5));
        Assert.True(turn.State!.Healthy);
        Assert.Equal((0, null, null), (turn.State.Failures, turn.State.ProbeText, turn.State.Hold));
        Assert.Equal(At(5).Now, turn.State.Since);
        Assert.Equal(new InstanceNews(EventKind.InstanceReady, "ready again after 5 s"), Assert.Single(turn.Events));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Only_as_many_failures_in_a_row_as_the_policy_says_make_it_unready(int before, bool healthy)
    {
        var turn = InstanceHealth.Failed(Ready with { Failures = before }, new ProbeAnswer(false, "refused"), At(1));
        Assert.Equal((before + 1, healthy, healthy), (turn.State!.Failures, turn.State.Healthy, turn.State.Hold is null));
        Assert.Equal(healthy ? Start : At(1).Now, turn.State.Since);
        Assert.Equal(healthy ? 0 : 1, turn.Events.Count);
    }

    [Fact]
    public void The_hold_of_an_unready_one_has_the_probes_words_and_names_the_instance_and_its_host()
    {
        var hold = InstanceHealth.Failed(Ready with { Failures = 2 }, new ProbeAnswer(false, "refused"), At(1)).State!.Hold!;
        Assert.Equal((HoldReason.ProbeFailing, "its probe fails: refused"), (hold.Reason, hold.Text));
        Assert.Equal((Web.Service, Web, Host), (hold.Service, hold.Instance, hold.Host));
        var silent = InstanceHealth.Failed(Ready with { Failures = 2 }, new ProbeAnswer(false, null), At(1)).State!;
        Assert.Equal("its probe fails: no reason was given", silent.Hold!.Text);
    }

    [Fact]
    public void Further_failures_keep_the_count_the_time_and_the_newest_words_and_say_nothing_again()
    {
        var unready = InstanceHealth.Failed(Ready with { Failures = 2 }, new ProbeAnswer(false, "refused"), At(1)).State!;
        var turn = InstanceHealth.Failed(unready, new ProbeAnswer(false, "timed out"), At(2));
        Assert.Equal((3, At(1).Now), (turn.State!.Failures, turn.State.Since));
        Assert.Equal("its probe fails: timed out", turn.State.Hold!.Text);
        Assert.Empty(turn.Events);
    }

    [Theory]
    [InlineData(TemplateThen.Nothing, InstancePhase.Running, "HUP", "nothing is done about it", false)]
    [InlineData(TemplateThen.Unknown, InstancePhase.Running, "HUP", "nothing is done about it", false)]
    [InlineData(TemplateThen.Restart, InstancePhase.Running, "HUP", "it is restarted when its service can spare it", false)]
    [InlineData(TemplateThen.Reload, InstancePhase.Running, "HUP", "SIGHUP tells it", true)]
    [InlineData(TemplateThen.Reload, InstancePhase.Starting, "HUP", "SIGHUP tells it once it is ready", true)]
    [InlineData(TemplateThen.Reload, InstancePhase.Running, null, "no signal is named that could tell it", false)]
    public void What_a_changed_template_does_is_told(
        TemplateThen then, InstancePhase phase, string? signal, string told, bool owes)
    {
        var turn = InstanceHealth.TemplateChanged(In(phase), new TemplateSpec("a.hbs", "a.conf", then, signal), At(1));
        Assert.Equal(new InstanceNews(EventKind.InstanceChanged, $"template a.conf changed: {told}"), Assert.Single(turn.Events));
        Assert.Equal(owes, turn.State!.Reloads.Any(r => r is { Signal: "HUP", Owed: true }));
        Assert.Empty(turn.Effects);
    }
}
