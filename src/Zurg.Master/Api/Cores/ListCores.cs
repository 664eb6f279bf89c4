using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/cores: the core dumps that hosts keep, asked of all of them at once.</summary>
internal static class ListCores
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/cores", HandleAsync)
        .WithName("listCores").WithTags("cores")
        .WithSummary("The core dumps that hosts keep, newest first")
        .WithDescription("A host that does not answer is named; what the others keep is told all the same.");

    private static async Task<Ok<CoreList>> HandleAsync(
        ServiceName? service, IClusterView view, InstanceAsking asking, CancellationToken stop)
    {
        var asked = view.Current.State.Facts.Keys.Select(async host =>
        {
            var outcome = await asking.AskAsync(host, nonce => new MasterMessage { Cores = new CoreRequest(nonce) }, stop);
            return (Host: host, (outcome.Answer?.Cores is { Problem: null } answer ? answer : null)?.Cores);
        });
        var answers = await Task.WhenAll(asked);
        return TypedResults.Ok(new CoreList(
            [
                .. answers.SelectMany(a => a.Cores ?? []).Where(c => service is null || c.Instance.Service == service)
                    .OrderByDescending(c => c.At).ThenBy(c => c.Id, StringComparer.Ordinal),
            ],
            [.. answers.Where(a => a.Cores is null).Select(a => a.Host).Order()]));
    }
}
