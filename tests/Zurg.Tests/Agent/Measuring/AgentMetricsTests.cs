using Zurg.Agent.Measuring;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Measuring;

public sealed class AgentMetricsTests
{
    private static readonly HostId Host = new("host1");

    [Fact]
    public void The_page_of_a_real_host_is_what_prometheus_reads()
    {
        using var directory = new TemporaryDirectory();
        var instance = new InstanceState
        {
            Assigned = AgentWords.Assigned(AgentWords.Web),
            Incarnation = new Incarnation(3),
            Phase = InstancePhase.Waiting,
            Since = World.Noon,
            Crashes = 4,
        };
        var state = new AgentState { Host = Host };
        state = state with { Instances = state.Instances.Add(AgentWords.Web, instance) };
        var metrics = new AgentMetrics(
            Host, new HostMeter([("agent", directory.Path)], TimeProvider.System), () => state,
            () => true, _ => { }, TimeProvider.System);

        var samples = MetricLines.Parse(metrics.Text());

        const string web = "{host=\"host1\",service=\"web\",instance=\"web.0\"}";
        Assert.Equal((4, 0), (samples["zurg_instance_crashes_total" + web], samples["zurg_instance_up" + web]));
        Assert.Equal(1, samples["zurg_agent_connected{host=\"host1\"}"]);
        Assert.InRange(samples["zurg_host_cpu_seconds_total{host=\"host1\",mode=\"user\"}"], 0.01, double.MaxValue);
    }

    [Fact]
    public void Many_scrapers_at_once_cost_one_reading()
    {
        using var directory = new TemporaryDirectory();
        var time = new ManualTime();
        var asked = 0;
        var metrics = new AgentMetrics(
            Host, new HostMeter([("agent", directory.Path)], time), () => new AgentState { Host = Host },
            () => ++asked > 0, page => page.Gauge("carried", "More.", 1), time);

        Assert.Equal(metrics.Text(), metrics.Text());
        Assert.Equal(1, asked);
        Assert.Contains("carried 1", metrics.Text(), StringComparison.Ordinal);
        time.Advance(TimeSpan.FromSeconds(1));
        metrics.Text();
        Assert.Equal(2, asked);
    }
}
