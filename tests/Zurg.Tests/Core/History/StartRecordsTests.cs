using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.History;

public sealed class StartRecordsTests
{
    private static readonly InstanceId Web0 = InstanceId.Wrap("web.0");

    [Fact]
    public void A_start_and_its_end_are_one_record_in_whichever_order_they_come()
    {
        foreach (var events in (EventRecord[][])[[Started(1, 0), Ended(1, 5)], [Ended(1, 5), Started(1, 0)]])
        {
            var record = Assert.Single(StartRecords.Of(events));
            Assert.Equal(
                ("web@1", 99, "exit code 1", World.Noon),
                (record.Release?.Value, record.Pid, record.Exit?.Reason, record.StartedAt));
        }
    }

    [Fact]
    public void What_runs_has_no_end_and_an_end_without_its_start_says_when_that_was()
    {
        var records = StartRecords.Of([Started(8, 20), Ended(7, 10)]);

        Assert.Equal([5.0, 20], records.Select(r => (r.StartedAt - World.Noon).TotalSeconds));
        Assert.Null(records[0].Release);
        Assert.Equal("why", records[0].StartReason);
        Assert.Null(records[1].Exit);
    }

    [Fact]
    public void The_same_incarnation_number_on_two_hosts_is_two_starts_and_other_events_are_none() =>
        Assert.Equal(2, StartRecords.Of(
            [Started(1, 0), Started(1, 0) with { Host = new HostId("host2") }, Started(2, 0) with { Start = null }]).Length);

    private static EventRecord Started(long incarnation, int second) => Event(second) with
    {
        Start = new InstanceStart(new Incarnation(incarnation), ReleaseId.Wrap("web@1"), Digest.Of("x"u8), 99, "why"),
    };

    private static EventRecord Ended(long incarnation, int second) => Event(second) with
    {
        Exit = new InstanceExit
        {
            Incarnation = new Incarnation(incarnation), At = World.Noon + TimeSpan.FromSeconds(second),
            Ran = TimeSpan.FromSeconds(5), Reason = "exit code 1", Asked = false, StartReason = "why",
        },
    };

    private static EventRecord Event(int second) => new()
    {
        Id = 0, At = World.Noon + TimeSpan.FromSeconds(second), Kind = EventKind.InstanceStarted, Instance = Web0,
        Host = new HostId("host1"), Text = "",
    };
}
