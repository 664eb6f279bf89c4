using System.Reflection;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Measuring;

/// <summary>
/// GET /metrics of an agent: its host, its instances and itself, read when asked, at most once a second however many ask.
/// </summary>
/// <param name="meter">Its own: readings for the master have another rhythm.</param>
/// <param name="relays">Adds what is carried for programs.</param>
/// <param name="connected">Whether a master has let it in.</param>
internal sealed class AgentMetrics(
    HostId host, HostMeter meter, Func<AgentState> state, Func<bool> connected, Action<MetricPage> relays, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private static readonly string Build = typeof(AgentMetrics).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private readonly Lock _lock = new();
    private string? _text;
    private long _readAt;

    /// <exception cref="IOException">/proc cannot be read.</exception>
    public string Text()
    {
        lock (_lock)
        {
            if (_text is null || time.GetElapsedTime(_readAt) >= Fresh)
            {
                _text = Read();
                _readAt = time.GetTimestamp();
            }

            return _text;
        }
    }

    private string Read()
    {
        var now = state();
        var measures = meter.Read(now);
        var page = new MetricPage();
        HostMetrics.Add(page, host, measures);
        foreach (var instance in now.Instances.Values)
        {
            HostMetrics.Add(page, host, AgentReport.StatusOf(instance), measures.Find(instance.Assigned.Instance));
        }

        var label = ("host", host.Value);
        page.Gauge("zurg_agent_info", "Always 1; the label says which build runs.", 1, label, ("build", Build));
        page.Gauge("zurg_agent_connected", "1: in session with a master.", connected() ? 1 : 0, label);
        page.Gauge("zurg_agent_events_waiting", "Events that no master has kept yet.", now.Events.Count, label);
        page.Gauge("zurg_agent_memory_bytes", "Resident memory of the agent itself.", Environment.WorkingSet, label);
        page.Counter(
            "zurg_agent_cpu_seconds_total", "CPU time of the agent itself.", Environment.CpuUsage.TotalTime.TotalSeconds, label);
        relays(page);
        return page.ToString();
    }
}
