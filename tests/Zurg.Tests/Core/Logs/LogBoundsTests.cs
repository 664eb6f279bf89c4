using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent;

namespace Zurg.Tests.Core.Logs;

public sealed class LogBoundsTests
{
    private const long Disk = 1L << 40;

    private static readonly LogPolicy Policy = new(10 << 20, TimeSpan.FromDays(1));

    [Fact]
    public void A_service_shares_its_size_among_its_logs_those_of_instances_that_left_too()
    {
        var logs = new[] { AgentSamples.Web, InstanceId.Parse("web.7"), InstanceId.Parse("gone.0") };
        var bounds = LogBounds.Of(AssignmentOf(Policy), logs, Disk);
        Assert.Equal(new LogBound(5 << 20, TimeSpan.FromDays(1)), bounds[AgentSamples.Web]);
        Assert.Equal(new LogBound(5 << 20, TimeSpan.FromDays(1)), bounds[InstanceId.Parse("web.7")]);
        Assert.Equal(new LogBound(LogBounds.Usual.MaxSize, LogBounds.Usual.MaxAge), bounds[InstanceId.Parse("gone.0")]);
    }

    [Fact]
    public void A_master_of_an_earlier_build_and_no_master_at_all_leave_the_usual_bound()
    {
        var usual = new LogBound(LogBounds.Usual.MaxSize, LogBounds.Usual.MaxAge);
        Assert.Equal(usual, LogBounds.Of(AssignmentOf(null), [AgentSamples.Web], Disk)[AgentSamples.Web]);
        Assert.Equal(usual, LogBounds.Of(null, [AgentSamples.Web], Disk)[AgentSamples.Web]);
    }

    [Fact]
    public void A_share_is_never_too_small_for_a_log()
    {
        var logs = Enumerable.Range(0, 1000).Select(i => new InstanceId(new ServiceName("web"), i));
        Assert.Equal(LogBounds.ShareMin, LogBounds.Of(AssignmentOf(Policy), logs, Disk)[AgentSamples.Web].Bytes);
    }

    [Fact]
    public void A_small_disk_is_not_filled_by_what_was_asked_for() =>
        Assert.Equal(2 << 20, LogBounds.Of(AssignmentOf(Policy), [AgentSamples.Web], 8 << 20)[AgentSamples.Web].Bytes);

    [Theory]
    [InlineData(1, 64 * 1024)]
    [InlineData(8 << 20, 1 << 20)]
    [InlineData(1L << 40, 16 << 20)]
    public void A_segment_is_an_eighth_within_reason(long bytes, long segment) =>
        Assert.Equal(segment, new LogBound(bytes, TimeSpan.FromDays(8)).SegmentBytes);

    private static Assignment AssignmentOf(LogPolicy? policy) => new()
    {
        Host = new HostId("host1"),
        Generation = new Generation(1),
        Instances = [AgentSamples.Assigned() with { Logs = policy }],
    };
}
