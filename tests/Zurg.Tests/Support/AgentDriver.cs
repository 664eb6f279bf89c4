using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>The agent's brain with a clock and a journal, stepped by hand: no loop, no hands.</summary>
internal sealed class AgentDriver
{
    private MemoryAgentJournal _journal = new();

    public AgentDriver()
    {
        State = new AgentState { Host = AgentWords.Host };
        Begin([]);
    }

    public AgentState State { get; private set; }

    public DateTimeOffset Now { get; set; } = AgentWords.Start;

    public AgentCommit Last { get; private set; } = null!;

    public List<AgentCommit> Commits { get; } = [];

    public IEnumerable<AgentEffect> Effects => Commits.SelectMany(c => c.Effects);

    public InstanceState Web => State.Instances[AgentWords.Web];

    public Incarnation Now0 => Web.Incarnation;

    public AgentCommit Say(AgentInput input)
    {
        Last = AgentMachine.Step(State, input, Now);
        State = Last.State;
        _journal.Write(Last);
        Commits.Add(Last);
        return Last;
    }

    /// <summary>As the loop does: a Tick each second and at every wake-up.</summary>
    public void Wait(TimeSpan time)
    {
        var end = Now + time;
        while (Now < end)
        {
            var next = new[] { end, Now + TimeSpan.FromSeconds(1), Last.WakeAt ?? end }.Min();
            Now = next > Now ? next : Now + TimeSpan.FromMilliseconds(1);
            Say(new AgentInput.Tick());
        }
    }

    /// <summary>The agent dies and another one starts with the journal.</summary>
    public void Restart(params ImmutableArray<Stray> survivors) => Begin(survivors);

    /// <summary>Like a restart, with an empty journal.</summary>
    public void RestartWithoutJournal(params ImmutableArray<Stray> survivors)
    {
        _journal = new MemoryAgentJournal();
        Begin(survivors);
    }

    public void RunWeb(AssignedInstance? assigned = null, int pid = 100)
    {
        Say(AgentWords.Assign(1, assigned ?? AgentWords.Assigned(AgentWords.Web)));
        StartWeb(pid);
    }

    public void StartWeb(int pid = 100)
    {
        Say(new AgentInput.Prepared(AgentWords.Web, Now0, AgentWords.Launch()));
        Say(new AgentInput.Started(AgentWords.Web, Now0, AgentWords.Pid(pid)));
        Probe(passed: true);
    }

    public void Probe(bool passed, string? text = null) =>
        Say(new AgentInput.Probed(AgentWords.Web, Now0, new ProbeAnswer(passed, text)));

    public void Exit(ProcessExit exit) => Say(new AgentInput.Exited(AgentWords.Web, Now0, exit));

    public void Gone() => Say(new AgentInput.TreeGone(AgentWords.Web, Now0));

    private void Begin(ImmutableArray<Stray> survivors)
    {
        var content = _journal.Load();
        State = content.State;
        Say(new AgentInput.Begun(content.Epoch, survivors));
    }
}
