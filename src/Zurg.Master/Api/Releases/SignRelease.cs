using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Releases;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>PUT /v1/releases/{name}/{version}/signature: one more key vouches for a release.</summary>
internal static class SignRelease
{
    private const int BytesMax = 16 * 1024;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/releases/{name}/{version}/signature", HandleAsync)
        .WithName("signRelease").WithTags("releases")
        .WithSummary("Add a signature to a release")
        .WithDescription("ECDSA P-256 over the SHA-256 of the manifest's bytes, DER in base64, with the public key "
            + "(SubjectPublicKeyInfo in base64). Refused when the two do not fit. Which keys count is for cluster.yaml to say.")
        .WithMetadata(new BodyLimit(BytesMax));

    private static async Task<Results<Ok<ReleaseRecord>, Problem400, Problem404, Problem409>> HandleAsync(
        ReleaseName name, ReleaseVersion version, ReleaseSign sign, string? author, IStateStore store, SignContext context,
        CancellationToken stop)
    {
        var release = new ReleaseId(name, version);
        switch (await context.Vouching.SignAsync(release, sign, ShownWords.Author(author), stop))
        {
            case SignOutcome.Signed(var record, var revision):
                if (revision != default)
                {
                    await context.View.ReachAsync(revision, context.Time, stop);
                    await context.Events.RecordAsync(Signed(record));
                }

                return TypedResults.Ok(record);
            case SignOutcome.Unknown:
                return Unknown.Release(release, (await store.ReleasesAsync(stop)).Select(r => r.Release));
            case SignOutcome.NoKey:
                return new Problem400("it holds no public key of ECDSA P-256", "zurg release sign sends one");
            case SignOutcome.DoesNotFit(var manifest):
                return new Problem400(
                    $"the signature is none of {release}, whose manifest is {manifest.Short}, by this key",
                    $"sign that manifest: zurg release sign {name} {version} --key FILE");
            case SignOutcome.TooMany:
                var most = ReleaseSigning.SignaturesMax.ToString(CultureInfo.InvariantCulture);
                return new Problem409($"{release} has {most} signatures, and not more", "push it under a new version");
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static EventRecord Signed(ReleaseRecord release)
    {
        var newest = release.Signatures!.Value[^1];
        return new EventRecord
        {
            Id = 0, At = newest.At, Kind = EventKind.ReleaseSigned,
            Text = $"{release.Release} was signed by {newest.Author} with the key {ReleaseSignature.NameOf(newest.Key)}",
        };
    }
}

/// <summary>What a signature needs.</summary>
internal sealed record SignContext(ReleaseVouching Vouching, IClusterView View, IEventLog Events, TimeProvider Time);
