using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Alerts;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /metrics: the cluster as this master sees it, in Prometheus' text format.</summary>
internal static class GetMetrics
{
    private static readonly string Build = typeof(GetMetrics).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/metrics", Handle)
        .WithName("getMetrics").WithTags("cluster")
        .WithSummary("Everything that can be counted, for Prometheus")
        .WithDescription("Text format 0.0.4. It wants the token as everything else: authorization: { credentials_file: ... }.");

    private static ContentHttpResult Handle(
        IClusterView view, SpeakerLoop speaker, AlertDelivery delivery, TimeProvider time)
    {
        var (state, naming) = view.Current;
        var page = new MetricPage();
        ClusterMetrics.Add(page, StatusView.Of(state, naming, time.GetUtcNow()), state, speaker.MeasuresOf);
        foreach (var kind in Enum.GetValues<AlertKind>().Where(k => k is not (AlertKind.Unknown or AlertKind.Test)))
        {
            var firing = delivery.Status.Alerts.Count(a => a.Kind == kind && a.ResolvedAt is null);
            page.Gauge("zurg_alerts_firing", "Alerts that fire, by kind.", firing, ("kind", WireEnum.NameOf(kind)));
        }

        page.Gauge("zurg_master_info", "Always 1; the label says which build runs.", 1, ("build", Build));
        page.Gauge("zurg_master_store_revision", "The store's revision that this master has seen.", state.Revision.Value);
        page.Gauge("zurg_master_memory_bytes", "Resident memory of the master itself.", Environment.WorkingSet);
        page.Counter(
            "zurg_master_cpu_seconds_total", "CPU time of the master itself.", Environment.CpuUsage.TotalTime.TotalSeconds);
        return TypedResults.Text(page.ToString(), MetricPage.ContentType, Encoding.UTF8);
    }
}
