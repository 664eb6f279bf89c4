using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>The cluster as its server sees it, as metrics.</summary>
public static class ClusterMetrics
{
    /// <param name="measuresOf">The newest reading of a host; null when there is none.</param>
    public static void Add(MetricPage page, ClusterStatus status, ClusterState state, Func<HostId, HostMeasures?> measuresOf)
    {
        page.Gauge("zurg_cluster_converged", "1: neither a step nor a hold is left.", status.Converged ? 1 : 0);
        page.Gauge("zurg_cluster_spec_number", "The number of the newest applied spec.", status.Spec.Value);
        page.Gauge("zurg_cluster_holds_all", "What is not done yet and says why.", status.Holds.Length);
        foreach (var holds in status.Holds.GroupBy(h => h.Reason).OrderBy(g => g.Key))
        {
            page.Gauge("zurg_cluster_holds", "Holds by their reason.", holds.Count(), ("reason", WireEnum.NameOf(holds.Key)));
        }

        foreach (var service in status.Services)
        {
            var name = ("service", service.Service.Value);
            page.Gauge("zurg_service_wanted", "Instances wanted.", service.Wanted, name);
            page.Gauge("zurg_service_ready", "Instances that are ready.", service.Ready, name);
        }

        foreach (var facts in state.Facts.Values)
        {
            Host(page, facts, measuresOf(facts.Host));
        }
    }

    private static void Host(MetricPage page, HostFacts facts, HostMeasures? measures)
    {
        var host = ("host", facts.Host.Value);
        var up = facts.Session == HostSession.Connected;
        page.Gauge("zurg_host_up", "1: its agent reports.", up ? 1 : 0, host, ("cell", facts.Description.Cell.Value));
        page.Gauge("zurg_host_cpus", "CPUs of the host.", facts.Description.Cpus, host);
        page.Gauge(
            "zurg_host_low", "What the host is short of: above 0 it gets no new instance.", facts.Lows.Length, host);
        page.Gauge(
            "zurg_host_info", "Always 1; the labels say what it is.", 1,
            host, ("kernel", facts.Description.Kernel), ("boot_id", facts.Description.BootId),
            ("build", facts.Description.Build));
        foreach (var instance in facts.Instances)
        {
            // Of a silent host nobody knows: its last word is not shown as if it were so now.
            HostMetrics.Add(page, facts.Host, up ? instance : Unknown(instance), up ? measures?.Find(instance.Instance) : null);
        }

        if (up && measures is not null)
        {
            HostMetrics.Add(page, facts.Host, measures);
        }
    }

    private static InstanceStatus Unknown(InstanceStatus instance) => instance with { Pid = null, Healthy = false };
}
