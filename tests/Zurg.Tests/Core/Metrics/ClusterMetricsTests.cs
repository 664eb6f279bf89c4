using Zurg.Core;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Metrics;

public sealed class ClusterMetricsTests
{
    private const string Web0 = "{host=\"host1\",service=\"web\",instance=\"web.0\"}";

    [Fact]
    public void Services_hosts_instances_and_holds_are_told()
    {
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1), Specs.Service("big", 1).Memory(1L << 50)).Settle();
        var samples = SamplesOf(world);

        Assert.Equal(1, samples["zurg_service_ready{service=\"web\"}"]);
        Assert.Equal(0, samples["zurg_service_ready{service=\"big\"}"]);
        Assert.Equal(1, samples["zurg_cluster_holds{reason=\"no_host_fits\"}"]);
        Assert.Equal(1, samples["zurg_host_up{host=\"host1\",cell=\"az1\"}"]);
        Assert.Equal(1, samples["zurg_instance_ready" + Web0]);
        Assert.Equal(4L << 30, samples["zurg_host_memory_available_bytes{host=\"host1\"}"]);
    }

    [Fact]
    public void A_silent_host_is_down_and_its_last_words_are_not_shown_as_if_they_were_so_now()
    {
        var samples = SamplesOf(World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle().Silence("host1"));

        Assert.Equal(0, samples["zurg_host_up{host=\"host1\",cell=\"az1\"}"]);
        Assert.Equal(0, samples["zurg_instance_up" + Web0]);
        Assert.Equal(0, samples["zurg_instance_ready" + Web0]);
        Assert.DoesNotContain("zurg_host_memory_available_bytes{host=\"host1\"}", samples.Keys);
    }

    private static Dictionary<string, double> SamplesOf(World world)
    {
        var page = new MetricPage();
        ClusterMetrics.Add(page, StatusView.Of(world.State, world.Naming, world.Now), world.State, _ => HostSamples.Measures());
        return MetricLines.Parse(page.ToString());
    }
}
