using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Zurg.Agent.Journal;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Journal;

public sealed class SqliteJournalTests : IDisposable
{
    private const long Start = 1_800_000_000;

    private static readonly HostId Host = new("host1");

    private readonly string _directory = Directory.CreateTempSubdirectory("zurg-journal-").FullName;
    private readonly List<SqliteJournal> _open = [];
    private readonly SetTime _time = new(DateTimeOffset.FromUnixTimeSeconds(Start));

    public void Dispose()
    {
        _open.ForEach(j => j.Dispose());
        Directory.Delete(_directory, true);
    }

    [Fact]
    public async Task A_new_journal_is_empty_and_its_first_epoch_is_the_time_in_seconds()
    {
        var content = await LoadAsync();
        Assert.Equal(new Epoch(Start), content.Epoch);
        Assert.Empty(content.Unreadable);
        Assert.Empty(content.State.Instances);
        Assert.Null(content.State.Assignment);
        Assert.Equal(Host, content.State.Host);
    }

    [Fact]
    public async Task What_was_written_is_there_after_an_end_without_a_close()
    {
        await LoadAsync();
        await _open[0].WriteAsync(Commit(durable: true), default);
        await _open[0].WriteAsync(Commit(durable: false) with { Records = Records("web.1") }, default);

        // The first one is still open: as after kill -9, nothing was said to the file at the end.
        var content = await LoadAsync();
        Assert.Equal(["web.0", "web.1"], content.State.Instances.Keys.Select(i => i.Value));
        Assert.Equal(new Generation(7), content.State.Assignment?.Generation);
        Assert.Equal((5, 9), (content.State.LastEvent, content.State.LastIncarnation.Value));
        Assert.Equal([5L], content.State.Events.Select(e => e.Id));
        Assert.Equal(new Epoch(Start + 1), content.Epoch);
        Assert.Equal(4321, content.State.Instances[AgentSamples.Web].Process?.Pid);
    }

    [Fact]
    public async Task An_agent_whose_directory_was_wiped_is_newer_than_it_ever_was()
    {
        await LoadAsync();
        var before = await LoadAsync();
        _open.ForEach(j => j.Dispose());
        Directory.Delete(_directory, true);
        Directory.CreateDirectory(_directory);
        _time.Advance(TimeSpan.FromMinutes(1));

        var after = await LoadAsync();
        Assert.True(after.Epoch > before.Epoch);
        Assert.True(after.State.LastIncarnation.Value >= Start, "an incarnation that may still run has its number given again");
    }

    [Fact]
    public async Task Starts_within_one_second_and_clocks_set_back_give_new_epochs_all_the_same()
    {
        Assert.Equal(Start, await EpochAsync());
        Assert.Equal(Start + 1, await EpochAsync());
        Assert.Equal(Start + 2, await EpochAsync());
        _time.Set(DateTimeOffset.UnixEpoch);
        Assert.Equal(Start + 3, await EpochAsync());

        async Task<long> EpochAsync() => (await LoadAsync()).Epoch.Value;
    }

    [Fact]
    public async Task A_forgotten_instance_and_kept_events_are_gone()
    {
        await LoadAsync();
        await _open[0].WriteAsync(Commit(durable: true), default);
        var commit = Commit(durable: true);
        await _open[0].WriteAsync(
            new AgentCommit
            {
                State = commit.State with { Events = [] },
                Records = ImmutableSortedDictionary<InstanceId, InstanceState?>.Empty.Add(AgentSamples.Web, null),
                EventsKept = 5,
            },
            default);
        var content = await LoadAsync();
        Assert.Empty(content.State.Instances);
        Assert.Empty(content.State.Events);
        Assert.Equal(5, content.State.LastEvent);
    }

    [Fact]
    public async Task The_same_commit_twice_is_the_same_as_once()
    {
        await LoadAsync();
        await _open[0].WriteAsync(Commit(durable: true), default);
        await _open[0].WriteAsync(Commit(durable: true), default);
        Assert.Single((await LoadAsync()).State.Events);
    }

    [Theory]
    [InlineData("this is no database at all")]
    [InlineData("SQLite format 3\0 and then nothing that makes sense")]
    public async Task A_damaged_journal_is_kept_aside_and_said_and_numbers_go_on(string bytes)
    {
        await LoadAsync();
        await LoadAsync();
        _open.ForEach(j => j.Dispose());
        SqliteConnection.ClearAllPools();
        await File.WriteAllTextAsync(Path.Combine(_directory, "journal.db"), bytes.PadRight(8192, 'x'));

        var content = await LoadAsync();
        Assert.Equal(new Epoch(Start + 2), content.Epoch);
        Assert.Contains("journal.db.broken-1", Assert.Single(content.Unreadable), StringComparison.Ordinal);
        Assert.True(content.State.LastIncarnation.Value > 1_000_000_000);
        var broken = await File.ReadAllTextAsync(Path.Combine(_directory, "journal.db.broken-1"));
        Assert.StartsWith(bytes[..6], broken, StringComparison.Ordinal);
        await _open[^1].WriteAsync(Commit(durable: true), default);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_journal_cut_to_nothing_is_said_and_numbers_go_on(bool deleted)
    {
        await LoadAsync();
        _open.ForEach(j => j.Dispose());
        foreach (var file in Directory.GetFiles(_directory, "journal.db*"))
        {
            File.Delete(file);
        }

        if (!deleted)
        {
            await File.WriteAllBytesAsync(Path.Combine(_directory, "journal.db"), new byte[100]);
        }

        var content = await LoadAsync();
        Assert.Contains(deleted ? "cut or deleted" : "damaged", Assert.Single(content.Unreadable), StringComparison.Ordinal);
        Assert.Equal(_time.GetUtcNow().ToUnixTimeSeconds(), content.State.LastIncarnation.Value);
    }

    [Fact]
    public async Task A_single_record_that_cannot_be_read_is_kept_aside_and_the_others_count()
    {
        await LoadAsync();
        await _open[0].WriteAsync(Commit(durable: true) with { Records = Records("web.0", "web.1") }, default);
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, "journal.db")};Pooling=false"))
        {
            connection.Open();
            JournalFile.Run(connection, "UPDATE instances SET json = '{\"phase\": 3}' WHERE id = 'web.0'");
        }

        var content = await LoadAsync();
        Assert.Equal(["web.1"], content.State.Instances.Keys.Select(i => i.Value));
        Assert.Contains("web.0", Assert.Single(content.Unreadable), StringComparison.Ordinal);
        Assert.Empty((await LoadAsync()).Unreadable);
    }

    [Fact]
    public async Task After_a_reboot_incarnations_go_on_behind_those_that_were_reserved()
    {
        await LoadAsync();
        var commit = Commit(durable: true);
        var reserved = commit.State with { IncarnationsReserved = new Incarnation(1009) };
        await _open[0].WriteAsync(commit with { State = reserved }, default);
        Assert.Equal(9, (await LoadAsync()).State.LastIncarnation.Value);
        Assert.Equal(1009, (await LoadAsync("another boot")).State.LastIncarnation.Value);
    }

    private ValueTask<AgentJournalContent> LoadAsync(string boot = "this boot")
    {
        _open.Add(new SqliteJournal(_directory, Host, boot, _time));
        return _open[^1].LoadAsync(default);
    }

    private static AgentCommit Commit(bool durable)
    {
        var happened = new EventRecord { Id = 5, At = DateTimeOffset.UnixEpoch, Kind = EventKind.InstanceReady, Text = "ready" };
        return new AgentCommit
        {
            State = new AgentState { Host = Host, Events = [happened], LastEvent = 5, LastIncarnation = new Incarnation(9) },
            Records = Records("web.0"),
            Assignment = new Assignment { Host = Host, Generation = new Generation(7), Instances = [AgentSamples.Assigned()] },
            Events = [happened],
            Durable = durable,
        };
    }

    private static ImmutableSortedDictionary<InstanceId, InstanceState?> Records(params string[] instances) =>
        instances.ToImmutableSortedDictionary(i => InstanceId.Parse(i), i => (InstanceState?)new InstanceState
        {
            Assigned = AgentSamples.Assigned(instance: i),
            Incarnation = new Incarnation(3),
            Phase = InstancePhase.Running,
            Since = DateTimeOffset.UnixEpoch,
            Process = new ProcessIdentity(4321, 99, "boot"),
        });

    private sealed class SetTime(DateTimeOffset now) : TimeProvider
    {
        private DateTimeOffset _now = now;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Set(DateTimeOffset to) => _now = to;

        public void Advance(TimeSpan by) => _now += by;
    }
}
