using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Master.Events;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Master.Events;

public sealed class SqliteEventLogTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly HostId Host1 = new("host1");
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Ids_grow_and_the_newest_come_when_no_place_is_given()
    {
        await using var log = Open();
        await log.AppendAsync(null, [Event("a"), Event("b"), Event("c")], None);
        await log.AppendAsync(null, [Event("d")], None);

        var newest = log.Query(new EventQuery { Limit = 2 });

        Assert.Equal(["c", "d"], newest.Select(e => e.Text));
        Assert.Equal(["b", "c"], log.Query(new EventQuery { Since = newest[0].Id - 2, Limit = 2 }).Select(e => e.Text));
        Assert.True(newest[1].Id > newest[0].Id);
    }

    [Fact]
    public async Task An_event_of_an_agent_is_kept_once_however_often_it_is_reported()
    {
        await using var log = Open();
        await log.AppendAsync(Host1, [Event("a", 1), Event("b", 2)], None);
        await log.AppendAsync(Host1, [Event("b", 2), Event("c", 3)], None);
        await log.AppendAsync(new HostId("host2"), [Event("b of host2", 2)], None);

        Assert.Equal(["a", "b", "c", "b of host2"], log.Query(new EventQuery()).Select(e => e.Text));
    }

    [Fact]
    public async Task What_was_kept_is_there_after_a_death_and_is_still_kept_once()
    {
        await using var log = Open();
        await log.AppendAsync(Host1, [Event("a", 1)], None);
        using var copy = _directory.Copy();
        await using var revived = Open(copy);

        await revived.AppendAsync(Host1, [Event("a", 1), Event("b", 2)], None);

        var events = revived.Query(new EventQuery());
        Assert.Equal(["a", "b"], events.Select(e => e.Text));
        Assert.Equal(EventKind.InstanceExited, events[0].Kind);
        Assert.Equal(InstanceId.Parse("web.0"), events[0].Instance);
        Assert.Equal(Host1, events[0].Host);
    }

    [Fact]
    public async Task Filters_keep_what_concerns_a_service_an_instance_or_a_host()
    {
        await using var log = Open();
        await log.AppendAsync(Host1, [Event("web.0 on host1", 1)], None);
        await log.AppendAsync(null, [Event("other") with { Instance = InstanceId.Parse("other.0") }], None);

        Assert.Equal(["web.0 on host1"], log.Query(new EventQuery { Service = new ServiceName("web") }).Select(e => e.Text));
        Assert.Equal(["other"], log.Query(new EventQuery { Instance = InstanceId.Parse("other.0") }).Select(e => e.Text));
        Assert.Equal(["web.0 on host1"], log.Query(new EventQuery { Host = Host1 }).Select(e => e.Text));
        Assert.Empty(log.Query(new EventQuery { Host = Host1, Service = new ServiceName("other") }));
    }

    [Fact]
    public async Task The_oldest_go_when_there_are_too_many()
    {
        await using var log = Open(retention: new EventRetention(10, Usual.AgeMax, Usual.BytesMax));
        for (var i = 0; i < 25; i++)
        {
            await log.AppendAsync(null, [Event($"{i}")], None);
        }

        Assert.Equal(Enumerable.Range(15, 10).Select(i => $"{i}"), log.Query(new EventQuery { Since = 0 }).Select(e => e.Text));
    }

    [Fact]
    public async Task A_follower_sees_what_was_there_and_then_every_new_one()
    {
        await using var log = Open();
        await log.AppendAsync(null, [Event("a")], None);
        using var stop = new CancellationTokenSource(TestMaster.Deadline);
        await using var follower = log.FollowAsync(new EventQuery(), stop.Token).GetAsyncEnumerator(stop.Token);

        Assert.True(await follower.MoveNextAsync());
        Assert.Equal("a", follower.Current.Text);
        var next = follower.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        await log.AppendAsync(null, [Event("b"), Event("c")], None);
        Assert.True(await next);
        Assert.Equal("b", follower.Current.Text);
        Assert.True(await follower.MoveNextAsync());
        Assert.Equal("c", follower.Current.Text);
    }

    [Fact]
    public async Task Many_appenders_at_once_are_all_kept()
    {
        await using var log = Open();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => log.AppendAsync(null, [Event($"{i}")], None).AsTask()));
        Assert.Equal(200, log.Query(new EventQuery { Limit = 1000 }).Select(e => e.Text).Distinct().Count());
    }

    [Fact]
    public void A_file_that_is_no_event_log_is_refused()
    {
        File.WriteAllText(_directory.In("events.db"), new string('x', 5000));
        Assert.Throws<SqliteException>(() => Open());
    }

    [Fact]
    public async Task What_is_heard_late_stands_where_it_happened_and_a_reader_s_place_is_still_by_id()
    {
        await using var log = Open();
        await log.AppendAsync(null, [At("noon", 12), At("two", 14)], None);
        var place = log.LastId();
        await log.AppendAsync(Host1, [At("one", 13, number: 1)], None);

        Assert.Equal(["noon", "one", "two"], log.Query(new EventQuery()).Select(e => e.Text));
        Assert.Equal(["one", "two"], log.Query(new EventQuery { Limit = 2 }).Select(e => e.Text));
        Assert.Equal(["one"], log.Query(new EventQuery { Since = place }).Select(e => e.Text));
        var from = DateTimeOffset.UnixEpoch + TimeSpan.FromHours(14);
        Assert.Equal(["two"], log.Query(new EventQuery { From = from }).Select(e => e.Text));
        Assert.Equal(place + 1, log.LastId());
    }

    [Fact]
    public async Task A_start_and_its_end_are_kept_with_all_their_numbers()
    {
        var exit = new InstanceExit
        {
            Incarnation = new Incarnation(3), At = DateTimeOffset.UnixEpoch, Ran = TimeSpan.FromSeconds(5), Code = 7,
            PeakMemory = 1 << 20, CpuTime = TimeSpan.FromSeconds(2), Reason = "exit code 7", Asked = false,
        };
        var start = new InstanceStart(new Incarnation(3), ReleaseId.Wrap("web@1"), Digest.Of("x"u8), 99, "the first start");
        await using var log = Open();
        await log.AppendAsync(Host1, [Event("s", 1) with { Start = start }, Event("e", 2) with { Exit = exit }], None);

        var events = log.Query(new EventQuery());
        Assert.Equal((start, exit), (events[0].Start, events[1].Exit));
        Assert.Empty(log.Query(new EventQuery { Kinds = [EventKind.HostLow] }));
    }

    [Fact]
    public async Task A_year_s_events_go_by_age_as_this_master_heard_of_them_whatever_the_hosts_clocks_say()
    {
        var time = new ManualTime();
        await using var log = Open(time: time);
        await log.AppendAsync(Host1, [.. Enumerable.Range(1, 600).Select(i => Event($"{i}", i))], None);
        time.Advance(Usual.AgeMax - TimeSpan.FromHours(1));
        await log.AppendAsync(Host1, [.. Enumerable.Range(601, 600).Select(i => Event($"{i}", i))], None);
        Assert.Equal(1, log.Query(new EventQuery { Since = 0, Limit = 1 })[0].Id);

        time.Advance(TimeSpan.FromHours(2));
        await log.AppendAsync(Host1, [.. Enumerable.Range(1201, 600).Select(i => Event($"{i}", i))], None);

        Assert.Equal("601", log.Query(new EventQuery { Since = 0, Limit = 1 })[0].Text);
        Assert.Equal("1800", log.Query(new EventQuery { Since = 1799 })[0].Text);
    }

    [Fact]
    public async Task However_much_is_told_the_log_stays_below_its_bound_on_disk_and_the_newest_stay()
    {
        const long bound = 4 << 20;
        await using var log = Open(retention: new EventRetention(Usual.EventsMax, Usual.AgeMax, bound));
        for (var round = 0; round < 40; round++)
        {
            var many = Enumerable.Range(round * 500, 500).Select(i => Event($"{i} {new string('x', 300)}", i + 1));
            await log.AppendAsync(Host1, [.. many], None);
        }

        var file = new FileInfo(_directory.In("events.db")).Length;
        Assert.InRange(file, bound / 2, bound * 3 / 2);
        Assert.StartsWith("19999 ", log.Query(new EventQuery { Since = 19_999 })[0].Text, StringComparison.Ordinal);
        Assert.True(log.Query(new EventQuery { Since = 0, Limit = 1 })[0].Id > 1_000, "the oldest are gone");
    }

    [Fact]
    public async Task A_log_of_an_earlier_build_goes_on_with_what_it_has()
    {
        using (var old = new SqliteConnection($"Data Source={_directory.In("events.db")};Pooling=False"))
        {
            old.Open();
            using var command = old.CreateCommand();
            command.CommandText =
                """
                create table events (id integer primary key autoincrement, at integer not null, kind text not null, service text,
                    instance text, host text, text text not null, agent text, number integer);
                insert into events (at, kind, text) values (640263744000000000, 'host_silent', 'before');
                """;
            command.ExecuteNonQuery();
        }

        await using var log = Open(time: new ManualTime());
        await log.AppendAsync(null, [Event("after")], None);
        Assert.Equal(["after", "before"], log.Query(new EventQuery()).Select(e => e.Text));
    }

    [Fact]
    public async Task A_sentence_without_an_end_is_cut()
    {
        await using var log = Open();
        await log.AppendAsync(Host1, [Event(new string('x', 100_000), 1)], None);
        Assert.Equal(4_003, log.Query(new EventQuery())[0].Text.Length);
    }

    private static EventRetention Usual => EventRetention.Usual;

    private SqliteEventLog Open(TestDirectory? directory = null, EventRetention? retention = null, TimeProvider? time = null) =>
        SqliteEventLog.Open(
            (directory ?? _directory).In("events.db"), retention ?? Usual, time ?? TimeProvider.System, NullLogger.Instance);

    private static EventRecord At(string text, int hour, long number = 0) =>
        Event(text, number) with { At = DateTimeOffset.UnixEpoch + TimeSpan.FromHours(hour) };

    private static EventRecord Event(string text, long number = 0) => new()
    {
        Id = number, At = DateTimeOffset.UnixEpoch, Kind = EventKind.InstanceExited, Instance = InstanceId.Parse("web.0"),
        Text = text,
    };
}
