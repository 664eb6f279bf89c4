using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>A manifest whose artifacts are all there by now, or of which the master says what it lacks.</summary>
public sealed record ReleasePush(ReleaseManifest Manifest);

/// <param name="Release">Set when the release is complete and durable.</param>
/// <param name="Missing">Artifacts to upload first.</param>
public sealed record ReleasePushAnswer(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ReleaseRecord? Release, ImmutableArray<Digest> Missing);

/// <summary>A signature that somebody made with a private key of theirs; <see cref="ReleaseSignature"/>.</summary>
public sealed record ReleaseSign(string Key, string Value);

/// <summary>A host that has a release and gives its files to other hosts.</summary>
/// <param name="Url">GET v1/artifacts/DIGEST there, with the cluster's token.</param>
public sealed record Neighbour(HostId Host, Uri Url);
