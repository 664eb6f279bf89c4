using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Loops;
using Zurg.Master.Agents;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/instances/{instance}/logs: a piece of what an instance wrote, asked of its agent.</summary>
internal static class ReadLogs
{
    private const int BytesUsual = 64 * 1024;
    private const int BytesMax = 256 * 1024;
    private const long OffsetUsual = -BytesUsual;
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    // On top of the wait that was asked for: an agent answers in milliseconds, or its host is in trouble.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/instances/{instance}/logs", HandleAsync)
        .WithName("readLogs").WithTags("instances")
        .WithSummary("A piece of an instance's log")
        .WithDescription(
            "offset: in bytes from the start; negative: so many kept bytes before the end (the last 64 KiB when not given). "
            + "bytes: 1 to 262144. "
            + "wait: a time such as 00:00:20, at most 30 s, to wait for more when there is nothing after the offset. "
            + "since: begin with the first line that the agent read at this time or later, if that is after the offset. "
            + "host: ask this one, which may keep the log of an instance that left it; else the one that has the instance. "
            + "The answer says where the next piece begins, and when its lines were read.");

    private static async Task<Results<Ok<LogChunk>, Problem400, Problem404, Problem503, Problem504>> HandleAsync(
        InstanceId instance, long? offset, int? bytes, TimeSpan? wait, DateTimeOffset? since, HostId? host, IClusterView view,
        AgentSessions sessions, TimeProvider time, CancellationToken stop)
    {
        if (bytes is < 1 or > BytesMax || wait < TimeSpan.Zero || wait > WaitMax)
        {
            return new Problem400($"bytes must be 1 to {BytesMax}, wait at most {WaitMax.TotalSeconds:0} s");
        }

        var (state, _) = view.Current;
        if ((host is { } named ? [named] : HostsOf(state, instance)) is not [var asked, ..])
        {
            return Unknown.Instance(
                instance, state.Placements.Values.SelectMany(p => p.Instances).Select(p => p.Instance).Order());
        }

        if (sessions.Find(asked) is not { } session)
        {
            return new Problem503(
                $"{asked}, which has {instance}, is not connected", "its processes may run on: look at the host itself");
        }

        var ask = new LogRequest(0, instance, offset ?? OffsetUsual, bytes ?? BytesUsual, wait ?? TimeSpan.Zero)
        {
            Since = since,
        };
        using var late = new CancellationTokenSource(ask.Wait + AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            return await session.ReadLogAsync(ask, either.Token) is { } chunk
                ? TypedResults.Ok(chunk with { Host = asked })
                : new Problem503($"too many requests for logs of {asked} wait already", "try again in a moment");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new Problem504($"the agent of {asked} did not answer in time, or its session ended", "see: zurg hosts");
        }
    }

    // Where it is placed; an instance that left its place may still be reported by a host.
    private static List<HostId> HostsOf(Core.ClusterState state, InstanceId instance) =>
    [
        .. state.Placements.Values.Where(h => h.Instances.Any(p => p.Instance == instance)).Select(h => h.Host),
        .. state.Facts.Values.Where(h => h.Find(instance) is not null).Select(h => h.Host),
    ];
}
