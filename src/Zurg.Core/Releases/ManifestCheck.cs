using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// A manifest is hostile until checked: laid out as it is, nothing of it may land, or point, outside of the release's directory.
/// </summary>
public static class ManifestCheck
{
    public const int FilesMax = 100_000;

    /// <summary>
    /// Characters, as the master takes them; together with an agent's directory it stays below Linux' PATH_MAX of 4096 bytes.
    /// </summary>
    public const int PathMax = 1_024;

    /// <summary>Characters of one part of a path; Linux takes 255 bytes.</summary>
    public const int PartMax = 255;

    private const int ProblemsMax = 20;

    /// <summary>What is wrong with it, in words; empty when it may be laid out. At most 20 are told.</summary>
    public static ImmutableArray<string> ProblemsOf(ReleaseManifest manifest)
    {
        if (manifest.Files.Length > FilesMax)
        {
            return [$"{manifest.Files.Length} files are more than the {FilesMax} that a release may have"];
        }

        var paths = manifest.Files.Select(f => f.Path).ToImmutableSortedSet(StringComparer.Ordinal);
        var seen = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        return [.. manifest.Files.Select(f => ProblemOf(f, paths, seen.Add(f.Path))).OfType<string>().Take(ProblemsMax)];
    }

    private static string? ProblemOf(ReleaseFile file, ImmutableSortedSet<string> paths, bool first) =>
        PathProblem(file.Path) is { } path ? path
        : !first ? $"'{file.Path}' is listed twice"
        : ParentsOf(file.Path).FirstOrDefault(paths.Contains) is { } parent
            ? $"'{file.Path}' lies in '{parent}', which is no directory"
        : file.Size < 0 ? $"'{file.Path}' has the size {file.Size}"
        : (file.Digest, file.Link) switch
        {
            ({ }, null) => null,
            (null, { } link) => LinkProblem(file.Path, link),
            _ => $"'{file.Path}' must have either a digest or a link",
        };

    private static string? PathProblem(string path)
    {
        var shown = path.Length <= 80 ? path : string.Concat(path.AsSpan(0, 77), "...");
        return path.Length is 0 or > PathMax ? $"the path '{shown}' has {path.Length} characters; 1 to {PathMax} are allowed"
            : path.Any(char.IsControl) ? "a path has a control character in it"
            : path.Split('/').Any(p => p is "" or "." or ".." || p.Length > PartMax)
                ? $"the path '{shown}' must be relative, with no empty part, no '.' or '..' and no part over {PartMax} characters"
            : null;
    }

    /// <summary>
    /// '..' only in front, and no more of them than the link is deep: its own parents are real directories, so they cannot be
    /// climbed above the release. What follows goes down, or through links that were checked the same way.
    /// </summary>
    private static string? LinkProblem(string path, string link)
    {
        var parts = link.Split('/');
        var up = parts.TakeWhile(p => p == "..").Count();
        var inside = link.Length is > 0 and <= PathMax
            && !link.Any(char.IsControl)
            && up <= path.Count(c => c == '/')
            && parts.Skip(up).All(p => p is not ("" or "." or ".."));
        return inside
            ? null
            : $"the link '{path}' must point to something inside of the release by a relative path; it says '{link}'";
    }

    private static IEnumerable<string> ParentsOf(string path)
    {
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }
}
