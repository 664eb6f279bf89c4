using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
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

    public bool Exists => Directory.Exists(_tree);

    /// <summary>The mode that a file of a release gets: 0555 or 0444, whatever else the manifest says.</summary>
    public static UnixFileMode ModeOf(ReleaseFile file) =>
        ((UnixFileMode)file.Mode & Execute) != UnixFileMode.None ? ReadOnlyFile | Execute : ReadOnlyFile;

    /// <summary>
    /// Whether the tree is marked complete for this manifest and no entry was touched since its bytes were last hashed.
    /// </summary>
    public bool IsUntouched()
    {
        var mark = paths.Mark(manifest.Release);
        return File.Exists(mark) && File.ReadAllText(mark) is var said && Exists && said == Stamps();
    }

    /// <summary>Hashes every file. Null when the tree is exactly what the manifest says; else the first difference.</summary>
    public async Task<string?> ProblemAsync(CancellationToken stop)
    {
        foreach (var file in manifest.Files)
        {
            if (await ProblemOfAsync(file, Path.Combine(_tree, file.Path), stop) is { } problem)
            {
                return problem;
            }
        }

        var known = Directories().Union(manifest.Files.Select(f => f.Path));
        var found = Entries(new DirectoryInfo(_tree)).Select(e => Path.GetRelativePath(_tree, e));
        return found.FirstOrDefault(e => !known.Contains(e)) is { } extra ? $"{extra} is not in the manifest" : null;
    }

    /// <summary>
    /// Takes modes and owners' write bits away, then marks the tree complete. Called once its bytes are known to be right.
    /// </summary>
    public void Seal()
    {
        foreach (var file in manifest.Files.Where(f => f.Link is null))
        {
            File.SetUnixFileMode(Path.Combine(_tree, file.Path), ModeOf(file));
        }

        foreach (var directory in Directories().Reverse())
        {
            File.SetUnixFileMode(Path.Combine(_tree, directory), ReadOnlyDirectory);
        }

        File.SetUnixFileMode(_tree, ReadOnlyDirectory);
        Disk.WriteAtomically(paths.Mark(manifest.Release), Encoding.UTF8.GetBytes(Stamps()));
    }

    /// <summary>Puts a finished staging directory in place. It has to be on disk before the name is.</summary>
    public void TakeOver(string staging)
    {
        foreach (var directory in Directories())
        {
            Disk.SyncDirectory(Path.Combine(staging, directory));
        }

        Disk.SyncDirectory(staging);
        var parent = Path.GetDirectoryName(_tree)!;
        Directory.CreateDirectory(parent);
        Directory.Move(staging, _tree);
        Disk.SyncDirectory(parent);
        Disk.SyncDirectory(paths.Root);
    }

    /// <summary>Renames the tree aside. Processes that run from it keep their open files.</summary>
    /// <returns>Where it is now.</returns>
    public string SetAside()
    {
        var aside = paths.Quarantine(manifest.Release);
        Remove(aside);
        File.Delete(paths.Mark(manifest.Release));

        // A directory's '..' changes with its parent: without its write bit only root may move it.
        File.SetUnixFileMode(_tree, OpenDirectory);
        Directory.Move(_tree, aside);
        return aside;
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            MakeWritable(directory);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void MakeWritable(string directory)
    {
        File.SetUnixFileMode(directory, OpenDirectory);
        foreach (var child in new DirectoryInfo(directory).EnumerateDirectories().Where(d => d.LinkTarget is null))
        {
            MakeWritable(child.FullName);
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
    private ImmutableSortedSet<string> Directories() =>
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

    /// <summary>The manifest's digest and the stamp of every entry: what the mark holds.</summary>
    public string Stamps()
    {
        var text = new StringBuilder().Append(manifestDigest.Value).Append('\n').Append(Disk.StampOf(_tree)).Append('\n');
        foreach (var entry in manifest.Files.Select(f => f.Path).Concat(Directories()))
        {
            text.Append(entry).Append(' ').Append(Disk.StampOf(Path.Combine(_tree, entry)) ?? "none").Append('\n');
        }

        return text.ToString();
    }
}
