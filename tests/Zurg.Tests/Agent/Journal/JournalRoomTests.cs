using System.Collections.Immutable;
using Zurg.Agent.Journal;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Artifacts;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Journal;

public sealed class JournalRoomTests
{
    private const int Writes = 3_000;

    [SmallDiskFact]
    public async Task A_journal_on_a_disk_that_others_filled_is_written_on_and_on()
    {
        using var disk = new SmallDisk(48);
        using var journal = new SqliteJournal(disk[""], AgentWords.Host, "boot", TimeProvider.System);
        Assert.Empty((await journal.LoadAsync(default)).Unreadable);
        Fill(disk);
        var agent = new AgentDriver();
        agent.RunWeb();
        for (var written = 0; written < Writes; written++)
        {
            await journal.WriteAsync(Commit(agent.State, written), default);
        }

        // And the next agent starts on it.
        journal.Dispose();
        using var next = new SqliteJournal(disk[""], AgentWords.Host, "boot", TimeProvider.System);
        Assert.Equal(100, (await next.LoadAsync(default)).State.Events.Count);
    }

    [SmallDiskFact]
    public async Task Room_that_could_not_be_set_aside_is_told()
    {
        using var disk = new SmallDisk(12);
        using var journal = new SqliteJournal(disk[""], AgentWords.Host, "boot", TimeProvider.System);
        var told = Assert.Single((await journal.LoadAsync(default)).Unreadable);
        Assert.Contains("could be set aside", told, StringComparison.Ordinal);
    }

    private static void Fill(SmallDisk disk)
    {
        Assert.Throws<IOException>(() => disk.Fill("other", 64 * 1024 * 1024));
        Assert.Equal(0, disk.Free / 4096);
    }

    /// <summary>Like one of a restart: the record, two events, and the oldest of a hundred kept ones goes.</summary>
    private static AgentCommit Commit(AgentState state, int number)
    {
        var events = Enumerable.Range(number, 100).Select(id => new EventRecord
        {
            Id = id + 1,
            At = AgentWords.Start,
            Kind = EventKind.InstanceExited,
            Text = new string('x', 200),
        }).ToImmutableList();
        return new AgentCommit
        {
            State = state with { Events = events, LastEvent = events[^1].Id },
            Records = state.Instances.ToImmutableSortedDictionary(i => i.Key, i => (InstanceState?)i.Value),
            Events = number == 0 ? [.. events] : [events[^1]],
        };
    }
}
