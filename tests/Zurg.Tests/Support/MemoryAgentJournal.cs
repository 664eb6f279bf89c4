using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>The agent's journal as texts in memory: what it gives back has been through JSON, like the real one's.</summary>
internal sealed class MemoryAgentJournal : IAgentJournal
{
    private readonly SortedDictionary<InstanceId, string> _records = [];
    private readonly SortedDictionary<long, string> _events = [];
    private string? _assignment;
    private long _lastEvent;
    private Incarnation _lastIncarnation;
    private Incarnation _reserved;
    private long _epoch;

    /// <summary>The instance records as they are written, ordered by instance.</summary>
    public IEnumerable<string> Records => _records.Values;

    public int Writes { get; private set; }

    public int DurableWrites { get; private set; }

    /// <summary>Called before each write: it may throw.</summary>
    public Action<AgentCommit>? Writing { get; set; }

    public void Write(AgentCommit commit)
    {
        Writes++;
        DurableWrites += commit.Durable ? 1 : 0;
        foreach (var (instance, record) in commit.Records)
        {
            if (record is null)
            {
                _records.Remove(instance);
            }
            else
            {
                _records[instance] = JsonSerializer.Serialize(record, JournalJson.Default.InstanceState);
            }
        }

        _assignment = commit.Assignment is { } assignment
            ? JsonSerializer.Serialize(assignment, JournalJson.Default.Assignment)
            : _assignment;
        foreach (var record in commit.Events)
        {
            _events[record.Id] = JsonSerializer.Serialize(record, JournalJson.Default.EventRecord);
        }

        foreach (var kept in _events.Keys.Where(id => id <= commit.EventsKept).ToArray())
        {
            _events.Remove(kept);
        }

        (_lastEvent, _lastIncarnation) = (commit.State.LastEvent, commit.State.LastIncarnation);
        _reserved = commit.State.IncarnationsReserved;
    }

    public AgentJournalContent Load() => new(new Epoch(++_epoch), new AgentState
    {
        Host = AgentWords.Host,
        Assignment = _assignment is null ? null : JsonSerializer.Deserialize(_assignment, JournalJson.Default.Assignment),
        Instances = _records.ToImmutableSortedDictionary(
            r => r.Key, r => JsonSerializer.Deserialize(r.Value, JournalJson.Default.InstanceState)!),
        Events = [.. _events.Values.Select(e => JsonSerializer.Deserialize(e, JournalJson.Default.EventRecord)!)],
        LastEvent = _lastEvent,
        LastIncarnation = _lastIncarnation,
        IncarnationsReserved = _reserved,
    }, []);

    public ValueTask<AgentJournalContent> LoadAsync(CancellationToken stop) => ValueTask.FromResult(Load());

    public ValueTask WriteAsync(AgentCommit commit, CancellationToken stop)
    {
        Writing?.Invoke(commit);
        Write(commit);
        return ValueTask.CompletedTask;
    }
}
