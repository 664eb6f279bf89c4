using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Master.Events;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/events: what happened, or with follow=true what happens.</summary>
internal static class ListEvents
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/events", Handle)
        .WithName("listEvents").WithTags("cluster")
        .WithSummary("What happened")
        .WithLines(nameof(EventRecord))
        .WithDescription(
            "The newest ones, in the order in which they happened; with since those with a greater id, in the order of their "
            + "ids, which is the one in which this master heard of them. from: those that happened then or later. "
            + "service, instance, host: only theirs. limit: 1 to 1000, 100 when not given. "
            + "With follow=true a stream: those, then each new one, one JSON object a line.");

    private static Results<Ok<ImmutableArray<EventRecord>>, JsonLines, Problem400> Handle(
        [AsParameters] Asked asked, SqliteEventLog log)
    {
        if (asked.Limit is < 1 or > EventQuery.LimitMax || asked.Since < 0)
        {
            return new Problem400($"limit must be 1 to {EventQuery.LimitMax}, since 0 or more");
        }

        var query = new EventQuery
        {
            Since = asked.Since, From = asked.From, Service = asked.Service, Instance = asked.Instance, Host = asked.Host,
            Limit = asked.Limit ?? EventQuery.LimitUsual,
        };
        return asked.Follow == true
            ? new JsonLines(stop => LinesAsync(log, query, stop))
            : TypedResults.Ok(log.Query(query));
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(
        SqliteEventLog log, EventQuery query, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var record in log.FollowAsync(query, stop))
        {
            yield return (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(record, WireJson.Default.EventRecord), (byte)'\n'];
        }
    }

    internal readonly record struct Asked(
        long? Since, DateTimeOffset? From, ServiceName? Service, InstanceId? Instance, HostId? Host, int? Limit, bool? Follow);
}
