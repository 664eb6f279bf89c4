using System.Text;
using Zurg.Agent.Processes;

namespace Zurg.Agent.Templates;

/// <summary>
/// A path that must stay inside a directory, and a file written so that a reader sees the old text or the new one.
/// </summary>
internal static class GeneratedFile
{
    private const UnixFileMode UserAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    /// <summary>
    /// The absolute path; null when it leads outside, by '..' or by a link on the way: whoever owns the directory could point the
    /// agent, which may be root, at any file of the host.
    /// </summary>
    public static string? Inside(string directory, string path)
    {
        var full = Path.GetFullPath(Path.Combine(directory, path));
        if (!full.StartsWith(directory + '/', StringComparison.Ordinal))
        {
            return null;
        }

        for (var part = full; part.Length > directory.Length; part = Path.GetDirectoryName(part)!)
        {
            if (new FileInfo(part).LinkTarget is not null)
            {
                return null;
            }
        }

        return full;
    }

    /// <summary>Null when there is none yet.</summary>
    public static string? Read(string path) => File.Exists(path) ? File.ReadAllText(path) : null;

    /// <summary>Whole and on the disk when it returns.</summary>
    /// <exception cref="IOException">The disk is full, or something is in the way.</exception>
    public static void Write(string path, string text, UserAccount? owner)
    {
        var directory = Path.GetDirectoryName(path)!;
        var making = Path.Combine(directory, $".{Path.GetFileName(path)}.new");
        Directory.CreateDirectory(directory);
        File.Delete(making);
        using (var file = new FileStream(making, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UserAndGroup,
        }))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(true);
        }

        if (owner is not null)
        {
            _ = Libc.ChangeOwner(directory, owner.User, owner.Group);
            _ = Libc.ChangeOwner(making, owner.User, owner.Group);
        }

        File.Move(making, path, true);
    }
}
