using System.Text;
using Microsoft.Win32.SafeHandles;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>A generated file's path leads out of the instance's directory, by '..' or by a link on the way.</summary>
internal sealed class LeadsOutException(string path) : IOException($"{path} leads out of the instance's directory");

/// <summary>A file as it was found; default when there is none.</summary>
/// <param name="Text">Null when there is none, or it is larger than any that was generated.</param>
/// <param name="AsMade">Mode and owner are those that it was given.</param>
internal readonly record struct FoundFile(string? Text, Digest? Digest, bool AsMade);

/// <summary>
/// A file inside a directory that belongs to somebody else: whoever owns the directory may put links into it while the agent,
/// which may be root, is writing. So every step is taken within opened directories and no link is followed.
/// </summary>
/// <param name="Root">The instance's directory, absolute; its own parents are the agent's.</param>
/// <param name="Path">Relative, '/' between parts.</param>
/// <param name="Owner">Gets the file and the directories made for it; the agent's own user when null.</param>
internal sealed record GeneratedFile(string Root, string Path, UserAccount? Owner)
{
    /// <summary>rw-r-----: its user and its group read it, nobody else does. The umask does not matter.</summary>
    public const uint Mode = 0x1A0;

    /// <summary>rwxr-x---.</summary>
    private const uint DirectoryMode = 0x1E8;

    /// <summary>In bytes: 1 MiB of characters at 4 bytes each.</summary>
    private const int BytesMax = 4 * TemplateRenderer.LengthMax;

    private string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>Tells a touched file from an untouched one without opening it: the sweep's.</summary>
    public FileMark Mark() => DirectoryCalls.MarkOf($"{Root}/{Path}");

    /// <exception cref="LeadsOutException">By '..' or a link.</exception>
    /// <exception cref="IOException">It cannot be read, or is no file.</exception>
    public FoundFile Look()
    {
        using var directory = OpenDirectory(make: false);
        using var file = directory is null ? null
            : DirectoryCalls.Open(
                directory, Name, DirectoryCalls.ReadOnly | DirectoryCalls.NoFollow | DirectoryCalls.NonBlocking, 0);
        if (file is null)
        {
            return directory is null || DirectoryCalls.LastError == DirectoryCalls.ErrorNotFound ? default
                : DirectoryCalls.LastError == DirectoryCalls.ErrorLink ? throw new LeadsOutException(Path)
                : throw DirectoryCalls.Fault(Path);
        }

        var mark = DirectoryCalls.MarkOf(file);
        if (!mark.IsFile)
        {
            throw new IOException($"{Path} is no file");
        }

        var asMade = mark.Permissions == Mode && (Owner is null || (mark.User, mark.Group) == (Owner.User, Owner.Group));
        if (mark.Size > BytesMax)
        {
            return new FoundFile(null, Digest.Of("larger than any that was generated"u8), asMade);
        }

        var bytes = new byte[mark.Size];
        var length = 0;
        for (int read; length < bytes.Length && (read = RandomAccess.Read(file, bytes.AsSpan(length), length)) > 0;)
        {
            length += read;
        }

        var found = bytes.AsSpan(0, length);
        return new FoundFile(Encoding.UTF8.GetString(found), Digest.Of(found), asMade);
    }

    /// <summary>Whole and on the disk when it returns: a reader sees the old text or the new one.</summary>
    /// <exception cref="LeadsOutException">By '..' or a link.</exception>
    /// <exception cref="IOException">The disk is full, or something is in the way; the old text stays.</exception>
    public void Write(string text)
    {
        using var directory = OpenDirectory(make: true)!;
        var making = $".{Name}.new";
        DirectoryCalls.TryRemove(directory, making);
        try
        {
            using (var file = DirectoryCalls.Open(
                directory, making,
                DirectoryCalls.WriteOnly | DirectoryCalls.Create | DirectoryCalls.Exclusive | DirectoryCalls.NoFollow, Mode))
            {
                Fill(file ?? throw DirectoryCalls.Fault(Path), text);
            }

            if (!DirectoryCalls.TryRename(directory, making, Name))
            {
                throw DirectoryCalls.Fault(Path);
            }
        }
        catch
        {
            // What does not fit must not keep the space that it took.
            DirectoryCalls.TryRemove(directory, making);
            throw;
        }
    }

    private void Fill(SafeFileHandle file, string text)
    {
        RandomAccess.Write(file, Encoding.UTF8.GetBytes(text), 0);
        if (!DirectoryCalls.TrySetMode(file, Mode)
            || (Owner is not null && !DirectoryCalls.TryOwn(file, Owner.User, Owner.Group)))
        {
            throw DirectoryCalls.Fault(Path);
        }

        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Null when it is not there and not to be made.</summary>
    private SafeFileHandle? OpenDirectory(bool make)
    {
        var parts = Path.Split('/');
        if (parts.Any(p => p is "" or "." or ".."))
        {
            throw new LeadsOutException(Path);
        }

        var at = OpenStep(null, Root);
        foreach (var part in parts[..^1])
        {
            using var parent = at ?? throw DirectoryCalls.Fault(Root);
            at = OpenStep(parent, part);
            if (at is null && make && DirectoryCalls.LastError == DirectoryCalls.ErrorNotFound)
            {
                Make(parent, part);
                at = OpenStep(parent, part);
            }

            if (at is null)
            {
                return DirectoryCalls.LastError == DirectoryCalls.ErrorNotFound ? null
                    : DirectoryCalls.LastError is DirectoryCalls.ErrorLink or DirectoryCalls.ErrorNoDirectory
                        ? throw new LeadsOutException(Path)
                    : throw DirectoryCalls.Fault(Path);
            }
        }

        return at ?? (make ? throw DirectoryCalls.Fault(Root) : null);
    }

    private static SafeFileHandle? OpenStep(SafeFileHandle? parent, string name) => DirectoryCalls.Open(
        parent, name, DirectoryCalls.PathOnly | DirectoryCalls.DirectoryOnly | DirectoryCalls.NoFollow, 0);

    private void Make(SafeFileHandle parent, string name)
    {
        if (!DirectoryCalls.TryMakeDirectory(parent, name, DirectoryMode)
            && DirectoryCalls.LastError != DirectoryCalls.ErrorExists)
        {
            throw DirectoryCalls.Fault(Path);
        }

        if (Owner is not null)
        {
            DirectoryCalls.TryOwn(parent, name, Owner.User, Owner.Group);
        }
    }
}
