using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/hosts/{host}: one host with everything that it measured.</summary>
internal static class ShowHost
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/hosts/{host}", Handle)
        .WithName("showHost").WithTags("cluster")
        .WithSummary("One host, with the newest reading of its own numbers and those of its instances");

    private static Results<Ok<HostStatus>, Problem404> Handle(HostId host, IClusterView view, SpeakerLoop speaker)
    {
        var hosts = StatusView.HostsOf(view.Current.State);
        return hosts.FirstOrDefault(h => h.Host == host) is { } status
            ? TypedResults.Ok(status with { Measures = speaker.MeasuresOf(host) })
            : Unknown.Host(host, hosts.Select(h => h.Host));
    }
}
