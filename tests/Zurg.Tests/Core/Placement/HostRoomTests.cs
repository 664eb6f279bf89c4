using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Placement;

public sealed class HostRoomTests
{
    private const long GiB = 1L << 30;

    private static readonly ReserveSpec Tenth = new(new FreeLimit(Percent: 10), new FreeLimit(Percent: 10));

    [Fact]
    public void A_disk_below_the_reserve_is_low_with_its_numbers_and_the_limit()
    {
        var low = Assert.Single(Judge([], HostSamples.Measures(disk: 9 * GiB, of: 100 * GiB)));

        Assert.Equal((LowResource.Disk, "/var", World.Noon), (low.Resource, low.Mount, low.Since));
        Assert.Equal("low on disk on /var: 9216 MiB of 100 GiB free (9 %), the limit is 10 GiB", low.Text);
    }

    [Theory]
    [InlineData(10, 0)]
    [InlineData(9.9, 1)]
    public void The_limit_itself_is_room_enough(double free, int lows) =>
        Assert.Equal(lows, Judge([], HostSamples.Measures(disk: (long)(free * GiB), of: 100 * GiB)).Length);

    [Theory]
    [InlineData(11.9, 1)]
    [InlineData(12.1, 0)]
    public void A_low_disk_has_room_again_only_with_a_fifth_more_than_the_limit(double free, int lows)
    {
        var before = Judge([], HostSamples.Measures(disk: 9 * GiB, of: 100 * GiB));

        var after = HostRoom.Next(
            before, HostSamples.Measures(disk: (long)(free * GiB), of: 100 * GiB), Tenth, World.Noon + TimeSpan.FromHours(1));

        Assert.Equal(lows, after.Length);
        Assert.True(after.IsEmpty || after.SequenceEqual(before), "what is still so keeps its words and its time");
    }

    [Fact]
    public void Memory_and_inodes_count_like_bytes()
    {
        var measures = HostSamples.Measures(disk: 50 * GiB, of: 100 * GiB, files: (10, 1_000), memory: (1 * GiB, 16 * GiB));

        Assert.Equal(
            ["low on memory: 1024 MiB of 16 GiB free (6.3 %), the limit is 1638 MiB",
                "low on inodes on /var: 10 of 1000 free (1 %), the limit is 100"],
            Judge([], measures).Select(l => l.Text));
    }

    [Fact]
    public void A_file_system_without_a_number_of_inodes_is_never_short_of_them() =>
        Assert.Empty(Judge([], HostSamples.Measures(disk: 50 * GiB, of: 100 * GiB, files: (0, 0))));

    [Theory]
    [InlineData(1000, 3, true)]   // 5 % would be 50 GiB: 2 GiB is enough
    [InlineData(1000, 1, false)]
    [InlineData(10, 1, true)]     // 5 % of 10 GiB is half a GiB
    [InlineData(10, 0.4, false)]
    public void The_usual_reserve_is_a_share_that_large_disks_do_not_feel(long size, double free, bool hasRoom) =>
        Assert.Equal(
            hasRoom, HostRoom.Next(
                [], HostSamples.Measures(disk: (long)(free * GiB), of: size * GiB), Defaults.Reserve, World.Noon).IsEmpty);

    [Fact]
    public void A_host_that_tells_of_a_thousand_disks_is_heard_for_some()
    {
        var disk = HostSamples.Measures(disk: 1).FileSystems[0];
        var many = HostSamples.Measures() with
        {
            FileSystems = [disk with { Mount = new string('x', 5_000) }, .. Enumerable.Repeat(disk, 1_000)],
        };
        Assert.Equal(64, HostRoom.Bounded(many).FileSystems.Length);
        Assert.All(HostRoom.Bounded(many).FileSystems, f => Assert.Equal("/var", f.Mount));
    }

    private static ImmutableArray<HostLow> Judge(ImmutableArray<HostLow> before, HostMeasures measures) =>
        HostRoom.Next(before, measures, Tenth, World.Noon);
}
