using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/specs/revert: the text of an older spec is applied again, under a new number.</summary>
internal static class RevertSpec
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/specs/revert", HandleAsync)
        .WithName("revertSpec").WithTags("specs")
        .WithSummary("Apply the text of an older spec again")
        .WithDescription("Like an apply of the old text, guarded by If-Match in the same way; history is never rewritten.");

    private static async Task<Results<Ok<ApplyResult>, Problem400, Problem404, Problem409, Problem413, Problem428>> HandleAsync(
        RevertRequest revert, [FromHeader(Name = "If-Match")] string? ifMatch, string? author, bool? remove_used,
        SpecApplying applying, SpecArchive archive, CancellationToken stop)
    {
        var (match, problem) = IfMatch.Read(ifMatch);
        if (match is null)
        {
            return problem is null ? ApplyAnswers.MatchMissing : new Problem400(problem);
        }

        if (await archive.FindAsync(revert.To, stop) is not { } old)
        {
            return new Problem404($"there is no spec {revert.To}", "see: zurg spec history");
        }

        var apply = new ApplyRequest(
            old.Text, ShownWords.Author(author), match.Value, Planned: false)
        {
            RevertOf = old.Number, RemoveUsed = remove_used ?? false,
        };
        return ApplyAnswers.Of(await applying.ApplyAsync(apply, stop));
    }
}
