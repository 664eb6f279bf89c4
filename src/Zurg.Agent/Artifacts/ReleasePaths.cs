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

    /// <summary>The release into whose tree a path leads; null: into none.</summary>
    public ReleaseId? ReleaseOf(string path) =>
        path.StartsWith(Root, StringComparison.Ordinal) && path[Root.Length..].Split('/') is ["", var name, var version, ..]
        && ReleaseId.TryParse($"{name}@{version}", null, out var release) ? release : null;

    /// <summary>Trees on their way out: what an agent that died left of them is removed by the next one.</summary>
    public string Removing(ReleaseId release) => Path.Combine(Root, ".removing", release.Value);

    /// <summary>Every directory of <see cref="Staging"/>, and of which release it is; of none if somebody else made it.</summary>
    public IEnumerable<(string Path, ReleaseId? Release)> Stagings() =>
        Directory.EnumerateDirectories(Path.Combine(Root, ".staging")).Select(s => (s, StagedIn(Path.GetFileName(s))));

    public IEnumerable<string> Quarantines() => Directory.EnumerateDirectories(Path.Combine(Root, ".quarantine"));

    public IEnumerable<string> Removings() => Directory.EnumerateDirectories(Path.Combine(Root, ".removing"));

    /// <summary>Those with a tree, complete or not.</summary>
    public IEnumerable<ReleaseId> Laid() => Directory.EnumerateDirectories(Root)
        .Where(name => Path.GetFileName(name)[0] != '.')
        .SelectMany(Directory.EnumerateDirectories).Select(ReleaseOf).OfType<ReleaseId>();

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

    private static ReleaseId? StagedIn(string name) =>
        name.LastIndexOf('-') is var dash and > 0 && ReleaseId.TryParse(name[..dash], null, out var release) ? release : null;

    public void Create()
    {
        string[] rooms = [".staging", ".quarantine", ".removing", ".manifests", ".marks"];
        foreach (var room in rooms)
        {
            Directory.CreateDirectory(Path.Combine(Root, room));
        }
    }
}
