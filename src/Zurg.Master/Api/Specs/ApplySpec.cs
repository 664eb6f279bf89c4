using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>PUT /v1/spec: the text of a cluster.yaml becomes the newest spec.</summary>
internal static class ApplySpec
{
    /// <summary>In bytes: 1 MiB.</summary>
    public const int TextBytesMax = 1024 * 1024;

    // A little more is read off the connection, and thrown away, so that its sender gets to hear why; beyond that it is cut.
    private const long DrainedBytesMax = 16 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/spec", HandleAsync)
        .WithName("applySpec").WithTags("specs")
        .WithSummary("Apply a cluster.yaml")
        .WithDescription(
            "The body is the YAML text, at most 1 MiB. "
            + "Guarded by If-Match: the number of the newest spec that its author saw, in quotes (\"0\" for none), or *. "
            + "Either all of it is applied, or nothing and every problem is listed with line and column. "
            + "A text that means what the newest spec says gets no new number. "
            + "Refused when it takes out a service that somebody uses now, unless remove_used=true; warnings name those "
            + "users, and who was seen within 31 days.")
        .WithTextBody("application/yaml", "cluster.yaml")
        .WithMetadata(new BodyLimit(DrainedBytesMax));

    private static async Task<Results<Ok<ApplyResult>, Problem400, Problem404, Problem409, Problem413, Problem428>> HandleAsync(
        HttpRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, bool? plan, string? author, bool? remove_used,
        SpecApplying applying, CancellationToken stop)
    {
        var (match, problem) = IfMatch.Read(ifMatch);
        if (match is null)
        {
            return problem is null ? ApplyAnswers.MatchMissing : new Problem400(problem);
        }

        if (await ReadAsync(request, stop) is not { } bytes)
        {
            return new Problem413(
                $"the text is over {TextBytesMax} bytes (1 MiB)",
                "a cluster.yaml is not a place for files: push them as a release");
        }

        if (!TryDecode(bytes.Span, out var text))
        {
            return new Problem400("the body is no UTF-8 text: nothing was applied", "save cluster.yaml as UTF-8");
        }

        var apply = new ApplyRequest(text, ShownWords.Author(author), match.Value, plan ?? false)
        {
            RemoveUsed = remove_used ?? false,
        };
        return ApplyAnswers.Of(await applying.ApplyAsync(apply, stop));
    }

    /// <summary>Null when it is too long; then the rest is not read.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, CancellationToken stop)
    {
        if (request.ContentLength > TextBytesMax)
        {
            return null;
        }

        // One byte more than allowed tells a text that is too long from one that just fits.
        var buffer = new byte[(request.ContentLength ?? TextBytesMax) + 1];
        var read = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stop);
        return read > TextBytesMax ? default(ReadOnlyMemory<byte>?) : buffer.AsMemory(0, read);
    }

    private static bool TryDecode(ReadOnlySpan<byte> bytes, out string text)
    {
        try
        {
            var bom = bytes.StartsWith("\uFEFF"u8) ? 3 : 0;
            text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes[bom..]);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return false;
        }
    }
}
