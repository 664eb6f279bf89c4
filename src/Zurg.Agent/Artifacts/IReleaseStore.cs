using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>Releases on this host's disk.</summary>
internal interface IReleaseStore
{
    /// <summary>Fetches what is missing, verifies every byte against the manifest and lays the release out read-only.</summary>
    ValueTask<ReleaseOutcome> EnsureAsync(ReleaseDemand demand, CancellationToken stop);
}

/// <summary>A release that is to be complete and verified now.</summary>
/// <param name="Manifest">The digest of its manifest: bytes that differ from it are another release.</param>
/// <param name="For">In whose history it stands when its bytes on this disk were wrong; null: in the host's alone.</param>
internal sealed record ReleaseDemand(ReleaseId Release, Digest Manifest, InstanceId? For = null);

/// <summary>What came of it.</summary>
internal abstract record ReleaseOutcome
{
    private ReleaseOutcome()
    {
    }

    /// <param name="Directory">Absolute; complete and verified just now.</param>
    public sealed record Ready(string Directory) : ReleaseOutcome;

    /// <summary>Not yet: ReleaseUnavailable, ReleaseCorrupt or DiskFull, with what to do.</summary>
    public sealed record Held(Hold Hold) : ReleaseOutcome;
}
