using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Metrics;

public sealed class HostMetricsTests
{
    private static readonly HostId Host = new("host1");

    [Fact]
    public void A_reading_is_told_in_base_units()
    {
        var samples = SamplesOf(page => HostMetrics.Add(page, Host, HostSamples.Measures()));

        Assert.Equal(12, samples["zurg_host_tcp_retransmitted_segments_total{host=\"host1\"}"]);
        Assert.Equal(50L << 30, samples["zurg_host_filesystem_free_bytes{host=\"host1\",mountpoint=\"/var\"}"]);
        Assert.Equal(100, samples["zurg_host_cpu_seconds_total{host=\"host1\",mode=\"user\"}"]);
        Assert.Equal(5, samples["zurg_host_pressure_seconds_total{host=\"host1\",resource=\"cpu\",kind=\"some\"}"]);
        Assert.Equal(
            (World.Noon - TimeSpan.FromHours(3)).ToUnixTimeSeconds(), samples["zurg_host_boot_time_seconds{host=\"host1\"}"]);
    }

    [Fact]
    public void What_the_kernel_does_not_tell_is_left_out_rather_than_shown_as_0()
    {
        var samples = SamplesOf(page => HostMetrics.Add(page, Host, HostSamples.Measures() with
        {
            Tcp = null,
            OpenFiles = null,
            Pressure = [],
            Clock = new ClockMeasure("unknown", null, TimeSpan.Zero, TimeSpan.Zero),
        }));

        Assert.DoesNotContain(samples.Keys, k => k.Contains("tcp", StringComparison.Ordinal)
            || k.Contains("open_files", StringComparison.Ordinal) || k.Contains("clock", StringComparison.Ordinal)
            || k.Contains("pressure", StringComparison.Ordinal));
    }

    [Fact]
    public void An_instance_is_told_with_what_it_takes_unless_that_was_read_of_its_last_incarnation()
    {
        var status = new InstanceStatus
        {
            Instance = InstanceId.Wrap("web.0"),
            Incarnation = new Incarnation(7),
            Phase = InstancePhase.Running,
            Healthy = true,
            Spec = Digest.Of("x"u8),
            Release = ReleaseId.Wrap("web@1"),
            Restarts = 0,
            Since = World.Noon,
            StartedAt = World.Noon,
            Pid = 5,
            Crashes = 3,
        };
        var measure = HostSamples.Measures().Instances[0];
        const string labels = "{host=\"host1\",service=\"web\",instance=\"web.0\"}";

        var samples = SamplesOf(page => HostMetrics.Add(page, Host, status, measure));
        Assert.Equal(
            (1, 1, 3, 64L << 20, 12),
            (samples["zurg_instance_up" + labels], samples["zurg_instance_ready" + labels],
                samples["zurg_instance_crashes_total" + labels], samples["zurg_instance_memory_bytes" + labels],
                samples["zurg_instance_cpu_seconds_total" + labels]));

        var later = SamplesOf(page => HostMetrics.Add(page, Host, status with { Incarnation = new Incarnation(8) }, measure));
        Assert.DoesNotContain("zurg_instance_memory_bytes" + labels, later.Keys);
    }

    private static Dictionary<string, double> SamplesOf(Action<MetricPage> add)
    {
        var page = new MetricPage();
        add(page);
        return MetricLines.Parse(page.ToString());
    }
}
