using System.Diagnostics;
using Zurg.Agent.Measuring;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Measuring;

public sealed class HostMeterTests
{
    private static readonly AgentState Nothing = new() { Host = new HostId("host1") };

    [Fact]
    public void This_machine_can_be_read()
    {
        using var directory = new TemporaryDirectory();
        var meter = new HostMeter([("agent", directory.Path), ("logs", directory.Path + "/not/there/yet")], TimeProvider.System);

        var first = meter.Read(Nothing);

        Assert.Null(first.CpuBusy);
        Assert.InRange(first.Memory.Available, 1, first.Memory.Total);
        Assert.True(first.Uptime > TimeSpan.Zero && first.Cpu.User > TimeSpan.Zero);
        var disk = Assert.Single(first.FileSystems);
        Assert.Equal("agent logs", string.Join(' ', disk.Holds));
        var drive = new DriveInfo(directory.Path);
        Assert.Equal(drive.TotalSize, disk.Size);
        Assert.InRange(disk.Free, 0, disk.Size);
        Assert.NotEmpty(first.Clock.Source);
        Assert.NotNull(first.Tcp);
    }

    [Fact]
    public void The_busy_share_is_of_the_time_between_two_readings()
    {
        var before = new CpuTimes(Seconds(10), Seconds(10), Seconds(100), Seconds(0), Seconds(0));
        var after = new CpuTimes(Seconds(11), Seconds(11), Seconds(105), Seconds(1), Seconds(0));

        Assert.Equal(0.25, HostMeter.Busy(before, after));
        Assert.Null(HostMeter.Busy(before, before));
    }

    [Fact]
    public async Task An_instance_is_measured_with_its_children_and_not_as_a_later_process_with_its_pid()
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "sleep 60 & sleep 60; true"]))!;
        try
        {
            var stat = ProcessStat.Read(process.Id)!.Value;
            var instance = new InstanceState
            {
                Assigned = AgentWords.Assigned(AgentWords.Web),
                Incarnation = new Incarnation(3),
                Phase = InstancePhase.Running,
                Since = World.Noon,
                Process = stat.Identity,
            };
            var meter = new InstanceMeter();
            await Eventually.TrueAsync(() => meter.Read([instance]) is [{ Processes: 3 }], "a shell and two sleeps are seen");

            var measure = Assert.Single(meter.Read([instance]));
            Assert.InRange(measure.Memory, 100_000, 1L << 30);
            Assert.Empty(meter.Read([instance with { Process = stat.Identity with { StartTicks = stat.StartTicks - 1 } }]));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Theory]
    [InlineData("12 (a) b) S 1 12 9 0 -1 0 0 0 0 0 10 20 3 4 20 0 1 0 777 1000 55 18446744073709551615", 37, 777, 55)]
    public void A_name_with_brackets_and_blanks_moves_no_field(string line, long ticks, long start, long pages)
    {
        var taken = InstanceMeter.Taken.Parse(12, line)!;
        Assert.Equal((1, 9, ticks, start, pages), (taken.Parent, taken.Session, taken.CpuTicks, taken.StartTicks, taken.Pages));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
