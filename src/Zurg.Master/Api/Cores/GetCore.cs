using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/hosts/{host}/cores/{core}: the bytes of a core dump, piece by piece from its agent.</summary>
internal static class GetCore
{
    private const string ContentType = "application/octet-stream";
    private const int ZerosAtOnce = 64 * 1024;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/hosts/{host}/cores/{core}", HandleAsync)
        .WithName("getCore").WithTags("cores")
        .WithSummary("A core dump's bytes from an offset on")
        .WithDescription("The list says how many there are: an answer that is shorter was broken off; ask again from there.")
        .Produces(StatusCodes.Status200OK, contentType: ContentType);

    private static async Task<Results<PushStreamHttpResult, Problem404, Problem503, Problem504>> HandleAsync(
        HostId host, string core, InstanceAsking asking, HttpContext context, CancellationToken stop, long offset = 0)
    {
        var first = await AskAsync(offset, stop);
        return first switch
        {
            { Absent: { } absent } => absent,
            { Away: { } away } => away,
            { Late: { } late } => late,
            { Answer.Cores: { Problem: { } problem } } => new Problem404(problem, "zurg cores list shows those that are kept"),
            _ => TypedResults.Stream(to => SendAsync(to, first.Answer!.Cores!, offset), ContentType),
        };

        Task<AskOutcome> AskAsync(long at, CancellationToken end) =>
            asking.AskAsync(host, nonce => new MasterMessage { Cores = new CoreRequest(nonce, core, at) }, end);

        async Task SendAsync(Stream to, CoreAnswer piece, long at)
        {
            while (piece.Bytes.Length + piece.Zeros > 0)
            {
                await to.WriteAsync(piece.Bytes, stop);
                await WriteZerosAsync(to, piece.Zeros, stop);
                at += piece.Bytes.Length + piece.Zeros;

                if ((await AskAsync(at, stop)).Answer?.Cores is not { Problem: null } next)
                {
                    // The answer has begun: all that can be done now is to break it off, so that it does not look whole.
                    context.Abort();
                    return;
                }

                piece = next;
            }
        }
    }

    private static async Task WriteZerosAsync(Stream to, long count, CancellationToken stop)
    {
        var zeros = new byte[Math.Min(count, ZerosAtOnce)];
        for (var left = count; left > 0; left -= zeros.Length)
        {
            await to.WriteAsync(zeros.AsMemory(0, (int)Math.Min(left, zeros.Length)), stop);
        }
    }
}
