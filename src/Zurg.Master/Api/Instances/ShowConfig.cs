using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>GET /v1/instances/{instance}/configs/{number}: one text that a generated file had.</summary>
internal static class ShowConfig
{
    /// <summary>1 MiB of characters in pieces, and one more.</summary>
    private const int PiecesMax = 32;

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/v1/instances/{instance}/configs/{number}", HandleAsync)
        .WithName("showConfig").WithTags("instances")
        .WithSummary("The text of one version of a generated file");

    private static async Task<Results<Ok<ConfigText>, Problem404, Problem503, Problem504>> HandleAsync(
        InstanceId instance, long number, InstanceAsking asking, CancellationToken stop)
    {
        var text = new StringBuilder();
        int? next = 0;
        for (var pieces = 0; next is { } offset && pieces < PiecesMax; pieces++)
        {
            var asked = await asking.AskAsync(
                instance, nonce => new MasterMessage { Configs = new ConfigRequest(nonce, instance, number, offset) }, stop);
            switch (asked)
            {
                case { Absent: { } absent }:
                    return absent;
                case { Away: { } away }:
                    return away;
                case { Late: { } late }:
                    return late;
                case { Answer.Configs: { Problem: null, Text: { } piece, Versions: [var version] } answer }:
                    text.Append(piece);
                    next = answer.Next;
                    if (next is null)
                    {
                        return TypedResults.Ok(new ConfigText(version, text.ToString()));
                    }

                    break;
                default:
                    return new Problem404(
                        asked.Answer?.Configs?.Problem ?? $"{instance} has no version {number}",
                        $"zurg history --config {instance} lists those that are kept");
            }
        }

        return new Problem503($"version {number} of {instance} is longer than any that is generated");
    }
}
