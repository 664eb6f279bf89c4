using System.Collections.Immutable;
using System.Security.Cryptography;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>A directory as a release: its manifest, and where the bytes of each digest are.</summary>
internal sealed record ReleaseFolder(ReleaseManifest Manifest, ImmutableSortedDictionary<Digest, string> Paths)
{
    /// <exception cref="VerbFailedException">It is no directory, is empty, or holds what no release may hold.</exception>
    public static ReleaseFolder Read(ReleaseId release, string directory, Screen screen, CancellationToken stop)
    {
        if (!Directory.Exists(directory))
        {
            throw new VerbFailedException($"{directory} is no directory", "push the directory that the service runs from");
        }

        var files = new List<ReleaseFile>();
        var paths = ImmutableSortedDictionary.CreateBuilder<Digest, string>();
        foreach (var path in Walk(directory))
        {
            stop.ThrowIfCancellationRequested();
            var file = FileOf(directory, path);
            if (file.Digest is { } digest)
            {
                paths[digest] = path;
            }

            files.Add(file);
            screen.Progress($"reading {Measures.Count(files.Count, "file")} …");
        }

        screen.Progress("");
        return files.Count == 0
            ? throw new VerbFailedException($"{directory} is empty", "push the directory that the service runs from")
            : new ReleaseFolder(
                new ReleaseManifest { Release = release, Files = [.. files.OrderBy(f => f.Path, StringComparer.Ordinal)] },
                paths.ToImmutable());
    }

    // A link to a directory is an entry, not a way: following it could leave the tree or never end.
    private static IEnumerable<string> Walk(string directory)
    {
        var entries = new DirectoryInfo(directory).EnumerateFileSystemInfos();
        foreach (var entry in entries.OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            if (entry is DirectoryInfo && entry.LinkTarget is null)
            {
                foreach (var below in Walk(entry.FullName))
                {
                    yield return below;
                }
            }
            else
            {
                yield return entry.FullName;
            }
        }
    }

    private static ReleaseFile FileOf(string root, string path)
    {
        var relative = Path.GetRelativePath(root, path);
        var info = new FileInfo(path);
        if (info.LinkTarget is { } target)
        {
            return LinkOf(root, path, relative, target);
        }

        if (!FileType.IsRegular(path))
        {
            throw new VerbFailedException(
                $"{relative} is neither a file, a directory nor a link", "remove it from the directory and push again");
        }

        try
        {
            using var bytes = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            var digest = new Digest(Convert.ToHexStringLower(SHA256.HashData(bytes)));
            return new ReleaseFile(relative, (int)info.UnixFileMode & 0x1FF, bytes.Length, digest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbFailedException($"{relative} cannot be read: {e.Message}");
        }
    }

    private static ReleaseFile LinkOf(string root, string path, string relative, string target)
    {
        var end = Path.GetFullPath(target, Path.GetDirectoryName(path)!);
        return Path.IsPathRooted(
            target) || !(end + "/").StartsWith(Path.TrimEndingDirectorySeparator(root) + "/", StringComparison.Ordinal)
            ? throw new VerbFailedException(
                $"the link {relative} leaves the directory (to {target})",
                "a release holds all it needs: copy the target in, or make the link relative")
            : new ReleaseFile(relative, 0x1FF, 0, null, target);
    }
}
