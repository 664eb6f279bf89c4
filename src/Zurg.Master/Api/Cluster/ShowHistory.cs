using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Master.Events;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/history: the starts and events of a service, an instance or a host.</summary>
internal static class ShowHistory
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/history", Handle)
        .WithName("showHistory").WithTags("cluster")
        .WithSummary("What happened to a service, an instance or a host")
        .WithDescription(
            "The newest, in the order in which it happened: each start with its end, and the events. "
            + "from: what happened then or later. limit: of each, 1 to 1000, 100 when not given.");

    private static Results<Ok<History>, Problem400> Handle([AsParameters] Asked asked, SqliteEventLog log)
    {
        if (asked.Limit is < 1 or > EventQuery.LimitMax)
        {
            return new Problem400($"limit must be 1 to {EventQuery.LimitMax}");
        }

        var limit = asked.Limit ?? EventQuery.LimitUsual;
        var events = new EventQuery
        {
            From = asked.From, Service = asked.Service, Instance = asked.Instance, Host = asked.Host, Limit = limit,
        };
        var ends = events with
        {
            Kinds = [EventKind.InstanceStarted, EventKind.InstanceExited], Limit = Math.Min(2 * limit, EventQuery.LimitMax),
        };
        return TypedResults.Ok(new History
        {
            Starts = [.. StartRecords.Of(log.Query(ends)).TakeLast(limit)],
            Events = log.Query(events),
        });
    }

    internal readonly record struct Asked(
        ServiceName? Service, InstanceId? Instance, HostId? Host, DateTimeOffset? From, int? Limit);
}
