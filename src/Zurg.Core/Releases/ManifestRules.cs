using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What a manifest may say: asked by the master before it keeps one, and by each agent before it lays one out. It comes from
/// outside and names files that agents, which may be root, will write: so no path and no link may lead out of the release, and
/// none may pass through another entry that is not a directory.
/// </summary>
public static class ManifestRules
{
    public const int FilesMax = 100_000;

    /// <summary>In bytes, of the manifest as JSON: 8 MiB.</summary>
    public const int BytesMax = 8 * 1024 * 1024;

    /// <summary>In bytes, of one file: 4 GiB.</summary>
    public const long FileBytesMax = 4L * 1024 * 1024 * 1024;

    /// <summary>In bytes of UTF-8, so that it fits below an agent's directory (PATH_MAX is 4096).</summary>
    public const int PathBytesMax = 1024;

    private const int PartBytesMax = 255;
    private const int ProblemsMax = 50;
    private const int PermissionBits = 0b111_111_111;

    /// <summary>Everything wrong with it, at most 50 problems; empty when it may be kept.</summary>
    public static ImmutableArray<Problem> Check(ReleaseManifest manifest)
    {
        if (manifest.Files.IsEmpty)
        {
            return [new Problem("files", "the release holds no file", "push a directory with at least one file")];
        }

        if (manifest.Files.Length > FilesMax)
        {
            var many = $"{manifest.Files.Length} files: a release holds at most {FilesMax}";
            return [new Problem("files", many, "pack them into an archive")];
        }

        var problems = ImmutableArray.CreateBuilder<Problem>();
        var paths = manifest.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < manifest.Files.Length && problems.Count < ProblemsMax; i++)
        {
            var file = manifest.Files[i];
            var text = ProblemOf(file, paths) ?? OrderProblem(manifest.Files, i);
            if (text is not null)
            {
                problems.Add(new Problem(string.Create(CultureInfo.InvariantCulture, $"files[{i}]"), text));
            }
        }

        return problems.ToImmutable();
    }

    private static string? ProblemOf(ReleaseFile file, HashSet<string> paths) =>
        PathProblem(file.Path)
        ?? AncestorProblem(file.Path, paths)
        ?? ModeProblem(file)
        ?? (file.Link is null ? FileProblem(file) : LinkProblem(file));

    private static string? OrderProblem(ImmutableArray<ReleaseFile> files, int index) =>
        index == 0 ? null : string.CompareOrdinal(files[index - 1].Path, files[index].Path) switch
        {
            < 0 => null,
            0 => $"'{Show(files[index].Path)}' is listed twice",
            > 0 => $"'{Show(files[index].Path)}' comes after '{Show(files[index - 1].Path)}': "
                + "files are ordered by path, ordinally",
        };

    private static string? PathProblem(string path)
    {
        if (path.Length == 0)
        {
            return "an empty path";
        }

        var shown = Show(path);
        if (path[0] == '/')
        {
            return $"'{shown}' is absolute: paths are relative to the release";
        }

        if (!IsText(path))
        {
            return $"'{shown}' holds a control character or is no valid text";
        }

        if (Encoding.UTF8.GetByteCount(path) > PathBytesMax)
        {
            return $"'{shown}' is longer than {PathBytesMax} bytes";
        }

        foreach (var part in path.Split('/'))
        {
            if (part is "" or "." or "..")
            {
                return $"'{shown}' has the part '{part}': no empty one, no '.' and no '..'";
            }

            if (Encoding.UTF8.GetByteCount(part) > PartBytesMax)
            {
                return $"'{shown}' has a part longer than {PartBytesMax} bytes";
            }
        }

        return null;
    }

    // a as a link and a/b as a file would write through the link; a as a file and a/b as another cannot be laid out at all.
    private static string? AncestorProblem(string path, HashSet<string> paths)
    {
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (paths.Contains(path[..slash]))
            {
                return $"'{Show(path)}' lies below '{Show(path[..slash])}', which is listed as a file or a link itself";
            }
        }

        return null;
    }

    private static string? ModeProblem(ReleaseFile file) =>
        (file.Mode & ~PermissionBits) == 0
            ? null
            : $"'{Show(file.Path)}' has mode {Octal(file.Mode)}: "
                + "only the permission bits 0 to 0777 may be set (no setuid, setgid, sticky)";

    private static string? FileProblem(ReleaseFile file) =>
        file.Digest is null ? $"'{Show(file.Path)}' has neither a digest nor a link"
        : file.Size is < 0 or > FileBytesMax
            ? $"'{Show(file.Path)}' has {file.Size} bytes: a file has 0 to {FileBytesMax}"
        : null;

    private static string? LinkProblem(ReleaseFile file)
    {
        var (link, shown) = (file.Link!, $"the link '{Show(file.Path)}' -> '{Show(file.Link!)}'");
        if (file.Digest is not null || file.Size != 0)
        {
            return $"{shown} has a digest or a size: links have neither";
        }

        if (link.Length == 0 || link[0] == '/' || !IsText(link) || Encoding.UTF8.GetByteCount(link) > PathBytesMax)
        {
            return $"{shown} must be a relative path of 1 to {PathBytesMax} bytes";
        }

        // '..' only in front: behind a name that is itself a link, '..' would start from where that one leads.
        var parts = link.Split('/');
        var up = parts.TakeWhile(p => p == "..").Count();
        if (parts.Skip(up).Any(p => p is "" or "." or ".."))
        {
            return $"{shown} must be written without empty parts and '.', and with '..' only in front";
        }

        return up > file.Path.Count(c => c == '/') ? $"{shown} leads out of the release" : null;
    }

    private static bool IsText(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
            {
                return false;
            }

            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                return false;
            }
        }

        return true;
    }

    private static string Show(string path) =>
        string.Concat(path.Take(120).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));

    private static string Octal(int mode) => "0" + Convert.ToString(mode, 8);
}
