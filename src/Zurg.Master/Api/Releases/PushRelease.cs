using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Releases;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>PUT /v1/releases/{name}/{version}: a manifest; complete when every artifact of it is there.</summary>
internal static class PushRelease
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/releases/{name}/{version}", HandleAsync)
        .WithName("pushRelease").WithTags("releases")
        .WithSummary("Push a release")
        .WithDescription(
            "Send the manifest; the answer lists the artifacts to upload first. Send it again when they are there: 201, durable "
            + "and never replaced. The same bytes again are fine (200); other bytes under the same version are refused (409).")
        .WithMetadata(new BodyLimit(ManifestRules.BytesMax + 1024));

    private static async Task<Results<Ok<ReleasePushAnswer>, Created<ReleasePushAnswer>, Problem400, Problem409, Problem507>>
        HandleAsync(
            ReleaseName name, ReleaseVersion version, ReleasePush push, string? author, PushContext context,
            CancellationToken stop)
    {
        var release = new ReleaseId(name, version);
        if (push.Manifest.Release != release)
        {
            return new Problem400($"the manifest is of {push.Manifest.Release}, the address says {release}");
        }

        switch (await context.Releases.PushAsync(push.Manifest, ShownWords.Author(author), stop))
        {
            case PushOutcome.Complete { Created: true } created:
                await context.View.ReachAsync(created.Revision, context.Time, stop);
                await context.Events.RecordAsync(Pushed(created.Release));
                return TypedResults.Created($"/v1/releases/{name}/{version}", new ReleasePushAnswer(created.Release, []));
            case PushOutcome.Complete(var there, _, _):
                return TypedResults.Ok(new ReleasePushAnswer(there, []));
            case PushOutcome.Missing(var digests):
                return TypedResults.Ok(new ReleasePushAnswer(null, digests));
            case PushOutcome.Invalid(var problems):
                return new Problem400("the manifest is refused: nothing was kept", "mend it and push again", problems);
            case PushOutcome.OtherBytes(var there):
                return new Problem409(
                    $"{release} was pushed by {there.Author} at {there.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC with other bytes, "
                        + "and is never replaced",
                    "push under a new version");
            case PushOutcome.DiskFull:
                return new Problem507("the master's disk is full: nothing was kept", "make room, then push again");
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static EventRecord Pushed(ReleaseRecord release) => new()
    {
        Id = 0, At = release.At, Kind = EventKind.ReleasePushed,
        Text = $"{release.Release} was pushed by {release.Author}: {release.Files} files, {release.Bytes} bytes",
    };
}

/// <summary>What a push needs.</summary>
internal sealed record PushContext(ReleasePushing Releases, IClusterView View, IEventLog Events, TimeProvider Time);
