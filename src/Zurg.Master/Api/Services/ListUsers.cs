using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/services/{service}/users: who uses it, or did within 31 days.</summary>
internal static class ListUsers
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/services/{service}/users", Handle)
        .WithName("listUsers").WithTags("services")
        .WithSummary("Who uses a service, or did within the last 31 days, with the evidence")
        .WithDescription("Declared in the spec, following its endpoints, connected to its ports; agents look every 10 s.");

    private static Results<Ok<ServiceUsers>, Problem404> Handle(ServiceName service, Retiring retiring)
    {
        var users = retiring.UsersOf(service);
        return retiring.Known(service, users) is { } known ? Unknown.Service(service, known) : TypedResults.Ok(users);
    }
}
