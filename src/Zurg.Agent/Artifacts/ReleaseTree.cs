using System.Collections.Immutable;
using System.Security.Cryptography;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>
/// One release's directory: verified against its manifest, sealed read-only, marked complete outside of itself.
/// </summary>
internal sealed class ReleaseTree(ReleasePaths paths, ReleaseManifest manifest, Digest manifestDigest)
{
    private const UnixFileMode ReadOnlyFile = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode ReadOnlyDirectory = ReadOnlyFile | Execute;
    private const UnixFileMode OpenDirectory = ReadOnlyDirectory | UnixFileMode.UserWrite;

    private readonly string _tree = paths.Tree(manifest.Release);

    /// <summary>Whatever has a stamp: looked at before each start, so found once.</summary>
    private readonly Lazy<ImmutableArray<string>> _entries =
        new(() => [.. manifest.Files.Select(f => f.Path), .. Directories(manifest), ReleaseMark.Tree]);

    public string Root => _tree;

    public bool Exists => Directory.Exists(_tree);

    /// <summary>The mode that a file of a release gets: 0555 or 0444, whatever else the manifest says.</summary>
    public static UnixFileMode ModeOf(ReleaseFile file) =>
        ((UnixFileMode)file.Mode & Execute) != UnixFileMode.None ? ReadOnlyFile | Execute : ReadOnlyFile;

    /// <summary>
    /// Its mark, when it is marked complete for this manifest and no entry was touched since its bytes were last hashed.
    /// </summary>
    public ReleaseMark? Untouched(DateTimeOffset now) =>
        ReleaseMark.Read(paths.Mark(manifest.Release)) is { } mark && mark.Manifest == manifestDigest && mark.Speaks(now)
        && Looks(mark) ? mark : null;

    /// <summary>Whether every entry is there and looks as the mark says.</summary>
    public bool Looks(ReleaseMark mark) => mark.Stamps.Count == _entries.Value.Length && _entries.Value.All(
        e => mark.Stamps.TryGetValue(e, out var stamp) && stamp == Disk.StampOf(Path.Combine(_tree, e)));

    /// <summary>Hashes every file, and marks the tree complete when it is exactly what the manifest says.</summary>
    /// <param name="now">From when on the mark speaks: before the first byte is read.</param>
    public async Task<TreeVerdict> HashAsync(DateTimeOffset now, CancellationToken stop)
    {
        TakeWriteBits(known: ReleaseMark.NoStamps);
        var before = Stamps(known: ReleaseMark.NoStamps);
        if (await ProblemAsync(stop) is { } problem)
        {
            return new TreeVerdict.Wrong(problem);
        }

        // A mark that was made of what is there after the hash would vouch for an edit of a file that had been read by then.
        return before.SequenceEqual(Stamps(known: ReleaseMark.NoStamps))
            ? new TreeVerdict.Right(Mark(now, before))
            : new TreeVerdict.Wrong("it changed while it was read");
    }

    /// <summary>
    /// Takes modes and owners' write bits away, then marks the tree complete. Called once its bytes are known to be right.
    /// </summary>
    /// <param name="now">When they were known to be.</param>
    /// <param name="linked">How entries looked that were linked, not hashed, just now.</param>
    public ReleaseMark Seal(DateTimeOffset now, IReadOnlyDictionary<string, string> linked)
    {
        TakeWriteBits(linked);
        return Mark(now, Stamps(linked));
    }

    /// <summary>Puts a finished staging directory in place.</summary>
    public void TakeOver(string staging)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_tree)!);
        Directory.Move(staging, _tree);
    }

    /// <summary>Renames the tree aside. Processes that run from it keep their open files.</summary>
    /// <param name="now">The time of its directory: it is removed some days later.</param>
    /// <returns>Where it is now.</returns>
    public string SetAside(DateTimeOffset now)
    {
        var aside = paths.Quarantine(manifest.Release);
        Remove(aside);
        File.Delete(paths.Mark(manifest.Release));
        MoveAway(_tree, aside);
        Directory.SetLastWriteTimeUtc(aside, now.UtcDateTime);
        return aside;
    }

    public static void MoveAway(string tree, string to)
    {
        // A directory's '..' changes with its parent: without its write bit only root may move it.
        File.SetUnixFileMode(tree, OpenDirectory);
        Directory.Move(tree, to);
    }

    /// <summary>Whatever is there, read-only directories too.</summary>
    public static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            MakeWritable(directory);
            Directory.Delete(directory, recursive: true);
        }
    }

    public static void MakeWritable(string directory)
    {
        File.SetUnixFileMode(directory, OpenDirectory);
        foreach (var child in new DirectoryInfo(directory).EnumerateDirectories().Where(d => d.LinkTarget is null))
        {
            MakeWritable(child.FullName);
        }
    }

    private ReleaseMark Mark(DateTimeOffset now, ImmutableSortedDictionary<string, string> stamps)
    {
        var mark = new ReleaseMark(manifestDigest, ReleaseMark.ThisBoot, now, stamps);
        mark.Write(paths.Mark(manifest.Release));
        return mark;
    }

    /// <summary>Null when the tree is exactly what the manifest says; else the first difference.</summary>
    private async Task<string?> ProblemAsync(CancellationToken stop)
    {
        foreach (var file in manifest.Files)
        {
            if (await ProblemOfAsync(file, Path.Combine(_tree, file.Path), stop) is { } problem)
            {
                return problem;
            }
        }

        var known = Directories(manifest).Union(manifest.Files.Select(f => f.Path));
        var found = Entries(new DirectoryInfo(_tree)).Select(e => Path.GetRelativePath(_tree, e));
        return found.FirstOrDefault(e => !known.Contains(e)) is { } extra ? $"{extra} is not in the manifest" : null;
    }

    /// <summary>Of what is there; an edit may have put anything in place of anything.</summary>
    /// <param name="known">Entries that have the right mode.</param>
    private void TakeWriteBits(IReadOnlyDictionary<string, string> known)
    {
        foreach (var file in manifest.Files.Where(f => f.Link is null && !known.ContainsKey(f.Path)))
        {
            SetMode(new FileInfo(Path.Combine(_tree, file.Path)), ModeOf(file));
        }

        foreach (var directory in Directories(manifest).Reverse())
        {
            SetMode(new DirectoryInfo(Path.Combine(_tree, directory)), ReadOnlyDirectory);
        }

        SetMode(new DirectoryInfo(_tree), ReadOnlyDirectory);
    }

    /// <summary>Only another one: it changes the stamp, and that of every other name of a linked file.</summary>
    private static void SetMode(FileSystemInfo entry, UnixFileMode mode)
    {
        if (entry.Exists && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint) && entry.UnixFileMode != mode)
        {
            File.SetUnixFileMode(entry.FullName, mode);
        }
    }

    private static async Task<string?> ProblemOfAsync(ReleaseFile file, string path, CancellationToken stop)
    {
        var found = new FileInfo(path);
        if (file.Link is not null || found.LinkTarget is not null)
        {
            return found.LinkTarget == file.Link ? null : $"{file.Path} is not the link that it should be";
        }

        if (!found.Exists || found.Length != file.Size)
        {
            return $"{file.Path} has {(found.Exists ? found.Length : 0)} bytes instead of {file.Size}";
        }

        await using var bytes = found.OpenRead();
        var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, stop));
        return digest == file.Digest!.Value.Value ? null : $"{file.Path} has other bytes than it should have";
    }

    /// <summary>Every directory that the manifest's paths need, parents first.</summary>
    private static ImmutableSortedSet<string> Directories(ReleaseManifest manifest) =>
        manifest.Files.SelectMany(f => Parents(f.Path)).ToImmutableSortedSet(StringComparer.Ordinal);

    private static IEnumerable<string> Parents(string path)
    {
        for (var parent = Path.GetDirectoryName(path); !string.IsNullOrEmpty(parent); parent = Path.GetDirectoryName(parent))
        {
            yield return parent;
        }
    }

    /// <summary>Everything below a directory; links are not followed.</summary>
    private static IEnumerable<string> Entries(DirectoryInfo directory) =>
        directory.EnumerateFileSystemInfos().SelectMany(e =>
            e is DirectoryInfo { LinkTarget: null } below ? Entries(below).Prepend(e.FullName) : [e.FullName]);

    /// <param name="known">Stamps that need no second look.</param>
    private ImmutableSortedDictionary<string, string> Stamps(IReadOnlyDictionary<string, string> known) => _entries.Value
        .ToImmutableSortedDictionary(
            e => e, e => known.GetValueOrDefault(e) ?? Disk.StampOf(Path.Combine(_tree, e)) ?? "none", StringComparer.Ordinal);
}

/// <summary>What hashing a tree found.</summary>
internal abstract record TreeVerdict
{
    private TreeVerdict()
    {
    }

    public sealed record Right(ReleaseMark Mark) : TreeVerdict;

    /// <param name="Problem">The first difference.</param>
    public sealed record Wrong(string Problem) : TreeVerdict;
}
