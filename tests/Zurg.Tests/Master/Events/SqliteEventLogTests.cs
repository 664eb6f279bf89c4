using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Master.Events;
using Zurg.Protocol;

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
        await using var revived = SqliteEventLog.Open(copy.In("events.db"), NullLogger.Instance);

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
        await using var log = SqliteEventLog.Open(_directory.In("events.db"), NullLogger.Instance, eventsMax: 10);
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
        Assert.Throws<SqliteException>(Open);
    }

    private SqliteEventLog Open() => SqliteEventLog.Open(_directory.In("events.db"), NullLogger.Instance);

    private static EventRecord Event(string text, long number = 0) => new()
    {
        Id = number, At = DateTimeOffset.UnixEpoch, Kind = EventKind.InstanceExited, Instance = InstanceId.Parse("web.0"),
        Text = text,
    };
}
