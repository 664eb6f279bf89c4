using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>Takes a release off the disk, at no moment leaving half a tree under its name.</summary>
internal static class ReleaseRemoval
{
    /// <summary>Its files that other releases have too stay theirs, and their marks go on speaking for them.</summary>
    public static void Remove(ReleasePaths paths, ReleaseId release)
    {
        var (tree, going) = (paths.Tree(release), paths.Removing(release));
        var mark = ReleaseMark.Read(paths.Mark(release));
        ReleaseTree.Remove(going);
        File.Delete(paths.Mark(release));
        if (Directory.Exists(tree))
        {
            ReleaseTree.MoveAway(tree, going);
            if (mark is not null)
            {
                ReleaseMark.Relink(paths, Unlink(going, mark, Others(paths)));
            }

            ReleaseTree.Remove(going);
        }

        File.Delete(paths.Manifest(release));
        if (new DirectoryInfo(Path.GetDirectoryName(tree)!) is { Exists: true } name && !name.EnumerateFileSystemInfos().Any())
        {
            name.Delete();
        }
    }

    /// <summary>A file of a complete release, by its stamp.</summary>
    private static Dictionary<string, string> Others(ReleasePaths paths)
    {
        var others = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var release in paths.Complete())
        {
            foreach (var stamp in ReleaseMark.Read(paths.Mark(release))?.Stamps ?? ReleaseMark.NoStamps)
            {
                others.TryAdd(stamp.Value, Path.Combine(paths.Tree(release), stamp.Key));
            }
        }

        return others;
    }

    /// <summary>One name less changes the ctime that the other names show, which comes last in a stamp.</summary>
    /// <returns>How the shared files looked, and look now.</returns>
    private static Dictionary<string, string> Unlink(string tree, ReleaseMark mark, Dictionary<string, string> others)
    {
        var relinked = new Dictionary<string, string>(StringComparer.Ordinal);
        ReleaseTree.MakeWritable(tree);
        foreach (var (entry, stamp) in mark.Stamps)
        {
            var path = Path.Combine(tree, entry);
            if (others.TryGetValue(stamp, out var other) && Disk.StampOf(path) == stamp)
            {
                File.Delete(path);
                if (Disk.StampOf(other) is { } after && Disk.SameButForCtime(stamp, after))
                {
                    relinked[stamp] = after;
                }
            }
        }

        return relinked;
    }
}
