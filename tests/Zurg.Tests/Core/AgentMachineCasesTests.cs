using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core;

/// <summary>Closed records have no compiler behind them: every case goes through the switches here (STYLE.md rule 5).</summary>
public sealed class AgentMachineCasesTests
{
    private static readonly Incarnation One = new(1);

    private static readonly AgentInput[] Inputs =
    [
        new AgentInput.Begun(new Epoch(1), []),
        new AgentInput.Tick(),
        Assign(9, Assigned(Web)),
        new AgentInput.EventsKept(1),
        new AgentInput.Happened(EventKind.InstanceChanged, Web, "somebody edited a.conf"),
        new AgentInput.ShutDown(),
        new AgentInput.Prepared(Web, One, Launch()),
        new AgentInput.PrepareFailed(Web, One, Held),
        new AgentInput.Started(Web, One, Pid(1)),
        new AgentInput.StartFailed(Web, One, Held),
        new AgentInput.Exited(Web, One, Code(0)),
        new AgentInput.TreeGone(Web, One),
        new AgentInput.Probed(Web, One, new ProbeAnswer(true)),
        new AgentInput.WatchdogExpired(Web, One, "silent"),
        new AgentInput.StartExtended(Web, One, TimeSpan.FromSeconds(5)),
        new AgentInput.TemplateChanged(Web, One, new TemplateSpec("a", "b", TemplateThen.Reload, "HUP")),
        new AgentInput.TemplateHeld(Web, One, null),
        new AgentInput.ReloadTold(Web, One, "HUP", Start, ReloadProgress.Done),
        new AgentInput.UsesHeld(Web, One, Held),
        new AgentInput.SelfTold(Web, One, Refuses: true, Epoch: 5),
        new AgentInput.NextChecked(Web, Digest.Of("spec"u8), Digest.Of("release"u8), Held),
        new AgentInput.StopCommandEnded(Web, One, "it failed"),
        new AgentInput.InFlight(Web, One, new InFlightCount(0, InFlightBy.Counted)),
        new AgentInput.Found(Web, One, null),
    ];

    [Fact]
    public void Every_input_is_among_them()
    {
        var cases = typeof(AgentInput).GetNestedTypes().Where(t => !t.IsAbstract).Select(t => t.Name).Order();
        Assert.Equal(cases, Inputs.Select(i => i.GetType().Name).Order());
    }

    [Fact]
    public void Every_restart_decision_is_one_that_the_switch_knows() =>
        Assert.Equal(["GiveUp", "Restart"], typeof(RestartDecision).GetNestedTypes().Select(t => t.Name).Order());

    [Theory]
    [InlineData(InstancePhase.Unknown)]
    [InlineData(InstancePhase.Waiting)]
    [InlineData(InstancePhase.Preparing)]
    [InlineData(InstancePhase.Starting)]
    [InlineData(InstancePhase.Running)]
    [InlineData(InstancePhase.Stopping)]
    [InlineData(InstancePhase.Stopped)]
    public void Every_input_may_come_in_every_phase(InstancePhase phase)
    {
        foreach (var input in Inputs)
        {
            var commit = AgentMachine.Step(In(phase), input, Start);
            Assert.NotNull(commit.State);
        }
    }

    [Fact]
    public void What_is_said_of_an_earlier_incarnation_falls_through()
    {
        var state = In(InstancePhase.Running) with { LastIncarnation = new Incarnation(2) };
        var second = state.Instances[Web] with { Incarnation = new Incarnation(2) };
        state = state with { Instances = state.Instances.SetItem(Web, second) };
        Assert.All(Inputs.OfType<AgentInput.OfInstance>(), input =>
        {
            var commit = AgentMachine.Step(state, input, Start);
            Assert.True(commit.IsEmpty);
            Assert.Empty(commit.Effects);
        });
    }

    private static AgentState In(InstancePhase phase)
    {
        var hasProcess = phase is InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping;
        var instance = new InstanceState
        {
            Assigned = Assigned(Web),
            Incarnation = One,
            Phase = phase,
            Since = Start,
            Launch = hasProcess ? Launch() : null,
            Process = hasProcess ? Pid(1) : null,
            StartedAt = hasProcess ? Start : null,
        };
        return new AgentState
        {
            Host = Host,
            LastIncarnation = One,
            Instances = ImmutableSortedDictionary<InstanceId, InstanceState>.Empty.Add(Web, instance),
        };
    }
}
