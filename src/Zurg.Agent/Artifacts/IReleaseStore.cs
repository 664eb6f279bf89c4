using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>Releases on this host's disk.</summary>
internal interface IReleaseStore
{
    /// <summary>Fetches what is missing, verifies every byte against the manifest and lays the release out read-only.</summary>
    ValueTask<ReleaseOutcome> EnsureAsync(ReleaseId release, Digest manifest, CancellationToken stop);
}

/// <summary>What came of it.</summary>
internal abstract record ReleaseOutcome
{
    private ReleaseOutcome()
    {
    }

    /// <param name="Directory">Absolute; complete and verified just now.</param>
    public sealed record Ready(string Directory) : ReleaseOutcome;

    /// <summary>Not yet: ReleaseUnavailable or ReleaseCorrupt, with what to do.</summary>
    public sealed record Held(Hold Hold) : ReleaseOutcome;
}
