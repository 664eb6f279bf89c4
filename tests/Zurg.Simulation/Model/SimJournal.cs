using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// A host's disk: what the agent journalled outlives it, as JSON, and after a power loss only what had to be durable is sure to
/// be there.
/// </summary>
internal sealed class SimJournal(Sim sim, HostId host, SimFaults faults) : IAgentJournal
{
    private AgentState _kept = new() { Host = host };
    private AgentState _onDisk = new() { Host = host };
    private long _epoch;

    /// <summary>Of the run of the agent that loaded last.</summary>
    public Epoch Epoch => new(_epoch);

    /// <summary>Everything up to here reached the disk; what is younger may be gone, all of it.</summary>
    public void LosePower()
    {
        if (sim.Chance(0.5))
        {
            sim.Count("journal: lost what was not durable");
            _kept = _onDisk;
        }

        _kept = _kept with { LastIncarnation = _kept.IncarnationsReserved };
    }

    /// <summary>Damaged: the next agent begins with an empty one, and with numbers that no count of starts has reached.</summary>
    public void Lose()
    {
        var numbers = new Incarnation(Math.Max(sim.Time.GetUtcNow().ToUnixTimeSeconds(), _kept.IncarnationsReserved.Value + 1));
        _kept = new AgentState { Host = host, LastIncarnation = numbers, IncarnationsReserved = numbers };
    }

    public async ValueTask<AgentJournalContent> LoadAsync(CancellationToken stop)
    {
        await sim.Delay(sim.Milliseconds(0, 5), stop);
        _epoch++;
        _onDisk = _kept;
        var read = _kept with { Instances = ReadBack(_kept.Instances) };
        return new AgentJournalContent(new Epoch(_epoch), read, []);
    }

    public async ValueTask WriteAsync(AgentCommit commit, CancellationToken stop)
    {
        await sim.Delay(sim.Milliseconds(0, 2), stop);
        Fail("write lost");
        _kept = Apply(_kept, commit);
        _onDisk = commit.Durable ? _kept : _onDisk;
        Fail("answer lost");
        await sim.Delay(sim.Milliseconds(0, 2), stop);
    }

    private void Fail(string what)
    {
        if (faults.On && sim.Chance(faults.JournalFault))
        {
            sim.Count("journal: " + what);
            throw new InvalidOperationException("simulated: journal " + what);
        }
    }

    private static AgentState Apply(AgentState kept, AgentCommit commit)
    {
        var instances = kept.Instances;
        foreach (var (instance, record) in commit.Records)
        {
            instances = record is null ? instances.Remove(instance) : instances.SetItem(instance, record);
        }

        var events = kept.Events.AddRange(commit.Events.Where(e => e.Id > kept.LastEvent));
        return kept with
        {
            Assignment = commit.Assignment ?? kept.Assignment,
            Instances = instances,
            Events = events.RemoveAll(e => e.Id <= commit.EventsKept),
            LastEvent = Math.Max(kept.LastEvent, commit.State.LastEvent),
            LastIncarnation = commit.State.LastIncarnation,
            IncarnationsReserved = commit.State.IncarnationsReserved,
        };
    }

    private static ImmutableSortedDictionary<InstanceId, InstanceState> ReadBack(
        ImmutableSortedDictionary<InstanceId, InstanceState> records) => records.ToImmutableSortedDictionary(
            r => r.Key,
            r => JsonSerializer.Deserialize(
                JsonSerializer.Serialize(r.Value, JournalJson.Default.InstanceState), JournalJson.Default.InstanceState)!);
}
