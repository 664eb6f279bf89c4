using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceSelfTests
{
    [Theory]
    [InlineData(InstancePhase.Starting, null, SelfState.Running)]
    [InlineData(InstancePhase.Running, null, SelfState.Running)]
    [InlineData(InstancePhase.Running, false, SelfState.Running)]
    [InlineData(InstancePhase.Running, true, SelfState.Refusing)]
    [InlineData(InstancePhase.Stopping, null, SelfState.Draining)]
    [InlineData(InstancePhase.Stopping, true, SelfState.Refusing)]
    public void An_instance_is_told_what_is_wanted_of_it(InstancePhase phase, bool? refuse, SelfState expected)
    {
        var told = InstanceSelf.Of(In(phase, refuse, 7));
        Assert.Equal(new SelfWord(expected, 7, Ends: phase == InstancePhase.Stopping), told);
    }

    [Fact]
    public void One_that_refused_goes_on_until_its_end_whatever_the_next_incarnation_is_to_do()
    {
        var refusing = In(InstancePhase.Running, true, 5);
        var ending = InstanceAssign.Change(refusing, Assigned(Web, "2.0.0"), At(1)).State!;
        Assert.Equal(new SelfWord(SelfState.Refusing, null, Ends: true), InstanceSelf.Of(ending));

        var restarting = InstanceAssign.Change(refusing, refusing.Assigned with { Restarts = 1 }, At(1)).State!;
        var accepts = restarting.Assigned with { Refuse = null, TrafficEpoch = 6 };
        restarting = InstanceAssign.Change(restarting, accepts, At(2)).State!;
        Assert.Equal(new SelfWord(SelfState.Refusing, 6, Ends: true), InstanceSelf.Of(restarting));

        var next = restarting.Again(At(3), null);
        Assert.Equal(SelfState.Running, InstanceSelf.Of(next).State);
        Assert.Equal((false, false, null), (next.Told, next.RefusesOn, next.Heard));
    }

    [Fact]
    public void One_that_accepts_again_drains_when_it_is_stopped_later()
    {
        var accepting = Next(In(InstancePhase.Running, true, 5), null, 6);
        Assert.Equal(SelfState.Running, InstanceSelf.Of(accepting).State);
        var ending = InstanceAssign.Change(accepting, Assigned(Web, "2.0.0"), At(2)).State!;
        Assert.Equal(SelfState.Draining, InstanceSelf.Of(ending).State);
    }

    /// <summary>The same incarnation starts later, and begins with what is assigned then.</summary>
    [Theory]
    [InlineData(InstancePhase.Waiting)]
    [InlineData(InstancePhase.Preparing)]
    [InlineData(InstancePhase.Stopped)]
    public void What_does_not_run_is_told_nothing_that_could_stick(InstancePhase phase)
    {
        var told = Next(In(phase, true, 5), null, 6);
        Assert.Equal((false, false), (told.Told, told.RefusesOn));
    }

    [Theory]
    [InlineData(InstancePhase.Waiting, 5L)]
    [InlineData(InstancePhase.Preparing, 5L)]
    [InlineData(InstancePhase.Stopped, 5L)]
    [InlineData(InstancePhase.Starting, null)]
    [InlineData(InstancePhase.Running, null)]
    [InlineData(InstancePhase.Stopping, null)]
    public void Only_where_nothing_can_run_an_epoch_holds_that_nobody_has_said(InstancePhase phase, long? expected)
    {
        Assert.Equal(expected, InstanceSelf.EpochOf(In(phase, true, 5)));
        Assert.Equal(expected, InstanceSelf.EpochOf(In(phase, true, 5) with { Process = null }));
        Assert.Equal(5, InstanceSelf.EpochOf(In(phase, true, 5) with { Heard = 5 }));
    }

    [Fact]
    public void That_it_accepts_again_one_that_was_told_to_refuse_must_say_and_another_one_need_not()
    {
        var running = In(InstancePhase.Running, null, 6);
        Assert.Equal(6, InstanceSelf.EpochOf(running));

        var again = Next(Said(In(InstancePhase.Running, true, 5), true, 5), null, 6);
        Assert.Equal(5, InstanceSelf.EpochOf(again));
        Assert.Equal(6, InstanceSelf.EpochOf(Said(again, false, 6)));
    }

    [Theory]
    [InlineData(InstancePhase.Starting, null)]
    [InlineData(InstancePhase.Running, 6L)]
    [InlineData(InstancePhase.Stopping, null)]
    public void One_that_serves_and_has_never_spoken_cannot_have_obeyed(InstancePhase phase, long? expected)
    {
        var silent = Next(In(phase, true, 5), null, 6);
        Assert.Equal(expected, InstanceSelf.EpochOf(silent));
        Assert.Null(InstanceSelf.EpochOf(silent with { Counts = true }));
        Assert.Null(InstanceSelf.EpochOf(In(phase, true, 5)));
    }

    [Fact]
    public void A_proof_of_the_first_refusal_is_none_of_the_second()
    {
        var first = Said(In(InstancePhase.Running, true, 5), true, 5);
        Assert.Equal(first.Assigned.SpecDigest, first.Spoke);
        Assert.Equal((true, 5), Reported(first));
        var second = Next(Next(first, null, 6), true, 7);
        Assert.Equal((null, 5), Reported(second));
        Assert.Equal((true, 7), Reported(Said(second, true, 7)));

        static (bool?, long?) Reported(InstanceState s) =>
            (AgentReport.StatusOf(s).Refuses, AgentReport.StatusOf(s).TrafficEpoch);
    }

    [Fact]
    public void What_is_assigned_again_unchanged_takes_nothing_back()
    {
        var said = Said(In(InstancePhase.Running, true, 5), true, 5);
        Assert.True(AgentReport.StatusOf(Next(said, true, 5)).Refuses);
        var restarted = InstanceAssign.Change(said, said.Assigned with { Restarts = 1 }, At(1)).State!;
        Assert.Equal(5, InstanceSelf.EpochOf(restarted));
    }

    [Fact]
    public void A_process_that_is_to_refuse_begins_so_by_the_word_of_the_moment_in_which_it_starts()
    {
        Assert.Equal("refusing", Begun(In(InstancePhase.Preparing, true, 5)));
        Assert.Null(Begun(Next(In(InstancePhase.Preparing, true, 5), null, 6)));
        Assert.Equal("refusing", Begun(Next(In(InstancePhase.Preparing, null, null), true, 5)));

        static string? Begun(InstanceState preparing)
        {
            var turn = InstanceMachine.Step(preparing, new AgentInput.Prepared(Web, One, Launch()), At(1));
            Assert.DoesNotContain("ZURG_STATE", turn.State!.Launch!.Env.Keys);
            return Assert.Single(turn.Effects.OfType<AgentEffect.Start>()).Launch.Env.GetValueOrDefault("ZURG_STATE");
        }
    }

    [Theory]
    [InlineData(true, false, null, true)]
    [InlineData(null, true, 5L, true)]
    [InlineData(null, true, 6L, false)]
    [InlineData(null, false, null, false)]
    public void A_probe_that_is_refused_passes_only_while_the_instance_may_refuse(
        bool? refuse, bool told, long? heard, bool passes)
    {
        var refused = new AgentInput.Probed(Web, One, new ProbeAnswer(false, "answered 503", Refused: true));
        var running = In(InstancePhase.Running, refuse, 6) with
        {
            Told = told, Heard = heard, Counts = true, Healthy = false,
        };
        Assert.Equal(passes, InstanceMachine.Step(running, refused, At(1)).State!.Healthy);
        var starting = In(InstancePhase.Starting, refuse, 6) with { Told = told, Heard = heard };
        Assert.Equal(passes, InstanceMachine.Step(starting, refused, At(1)).State!.Phase == InstancePhase.Running);

        var failed = new AgentInput.Probed(Web, One, new ProbeAnswer(false, "answered 503"));
        Assert.False(InstanceMachine.Step(running, failed, At(1)).State!.Healthy);
    }

    private static InstanceState In(InstancePhase phase, bool? refuse, long? epoch)
    {
        var instance = InstanceWords.In(phase);
        return instance with { Assigned = instance.Assigned with { Refuse = refuse, TrafficEpoch = epoch } };
    }

    private static InstanceState Next(InstanceState s, bool? refuse, long? epoch) =>
        InstanceAssign.Change(s, s.Assigned with { Refuse = refuse, TrafficEpoch = epoch }, At(1)).State!;

    private static InstanceState Said(InstanceState s, bool refuses, long? epoch) =>
        InstanceMachine.Step(s, new AgentInput.SelfTold(Web, One, refuses, epoch), At(1)).State!;
}
