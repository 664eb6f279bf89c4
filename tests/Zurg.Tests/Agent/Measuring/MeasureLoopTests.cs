using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Measuring;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Measuring;

public sealed class MeasureLoopTests
{
    private const long GiB = 1L << 30;

    [Theory]
    [InlineData(50.5, false)]
    [InlineData(49, true)]
    [InlineData(51.1, true)]
    public void A_disk_that_moved_by_a_hundredth_of_it_is_told_at_once(double free, bool moved) =>
        Assert.Equal(moved, Moved(HostSamples.Measures(disk: (long)(free * GiB))));

    [Fact]
    public void Inodes_and_memory_move_too_and_so_does_a_new_mount()
    {
        Assert.True(Moved(HostSamples.Measures(files: (880, 1_000))));
        Assert.True(Moved(HostSamples.Measures(memory: (3 * GiB, 8 * GiB))));
        var other = HostSamples.Measures();
        Assert.True(Moved(other with { FileSystems = [other.FileSystems[0] with { Mount = "/" }] }));
        Assert.False(Moved(other));
    }

    [Fact]
    public async Task The_host_is_read_at_once_and_again_after_a_minute()
    {
        using var directory = new TemporaryDirectory();
        var said = new ConcurrentQueue<HostMeasures>();
        var time = new ManualTime();
        var loop = new MeasureLoop(
            new HostMeter([("agent", directory.Path)], time), said.Enqueue, time, NullLogger<MeasureLoop>.Instance);
        using var stop = new CancellationTokenSource();
        var running = loop.RunAsync(stop.Token);
        await Eventually.TrueAsync(() => said.Count == 1, "the first reading");

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(5));
                return said.Count >= 2;
            },
            "the second reading");

        Assert.NotNull(loop.Latest?.CpuBusy);
        await stop.CancelAsync();
        await running;
    }

    private static bool Moved(HostMeasures now) =>
        MeasureLoop.HasMoved(HostSamples.Measures(), now.Memory, now.FileSystems);
}
