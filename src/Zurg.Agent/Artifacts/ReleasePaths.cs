using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>Where an agent keeps releases. Names that begin with a dot cannot be those of releases.</summary>
internal sealed record ReleasePaths(string AgentDirectory)
{
    public string Root => Path.Combine(AgentDirectory, "releases");

    /// <summary>The complete, read-only tree.</summary>
    public string Tree(ReleaseId release) => Path.Combine(Root, release.Name.Value, release.Version.Value);

    /// <summary>A tree in the making, and parts of files beside it; an interrupted fetch goes on with what is there.</summary>
    public string Staging(ReleaseId release, Digest manifest) => Path.Combine(Root, ".staging", $"{release}-{manifest.Short}");

    /// <summary>Where a tree goes whose bytes are wrong: for people to look at; never run. The newest one is kept.</summary>
    public string Quarantine(ReleaseId release) => Path.Combine(Root, ".quarantine", release.Value);

    public string Manifests => Path.Combine(Root, ".manifests");

    /// <summary>The manifest's bytes as the master gave them; kept so that a release can be verified while it is away.</summary>
    public string Manifest(ReleaseId release) => Path.Combine(Manifests, release.Value);

    /// <summary>A <see cref="ReleaseMark"/>.</summary>
    public string Mark(ReleaseId release) => Path.Combine(Marks, release.Value);

    private string Marks => Path.Combine(Root, ".marks");

    /// <summary>Those with a mark.</summary>
    public ImmutableArray<ReleaseId> Complete() =>
    [
        .. new DirectoryInfo(Marks).EnumerateFiles().OrderByDescending(m => m.LastWriteTimeUtc)
            .Select(m => ReleaseId.TryParse(m.Name, null, out var release) ? release : (ReleaseId?)null)
            .OfType<ReleaseId>(),
    ];

    public void Create()
    {
        string[] rooms = [".staging", ".quarantine", ".manifests", ".marks"];
        foreach (var room in rooms)
        {
            Directory.CreateDirectory(Path.Combine(Root, room));
        }
    }
}
