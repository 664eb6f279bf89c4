using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>Why a file cannot be run, told better than the kernel's "No such file or directory" does.</summary>
internal static class ExecutableCheck
{
    private const int HeadMax = 4096;

    /// <param name="interpreter">What the #! line of a script names; null when it is none, or may not be read.</param>
    /// <returns>Null when nothing speaks against running it.</returns>
    public static Hold? ProblemOf(string path, out string? interpreter)
    {
        interpreter = null;
        if (Directory.Exists(path))
        {
            return Held($"{path} is a directory, not a program", "name the executable inside it in run:");
        }

        if (!File.Exists(path))
        {
            return Held($"{path} does not exist{Neighbours(path)}", "correct run:, or push a release version that has the file");
        }

        const UnixFileMode executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if ((File.GetUnixFileMode(path) & executable) == UnixFileMode.None)
        {
            return Held($"{path} is not executable", $"chmod +x {Path.GetFileName(path)} and push it as a new release version");
        }

        var head = new byte[HeadMax];
        try
        {
            using var file = File.OpenHandle(path);
            head = head[..RandomAccess.Read(file, head, 0)];
        }
        catch (UnauthorizedAccessException)
        {
            // Executable and not readable is legal; the kernel may know more.
            return null;
        }
        catch (IOException e)
        {
            return Held($"{path} cannot be read: {e.Message}", null);
        }

        if (head.AsSpan().StartsWith("#!"u8))
        {
            interpreter = InterpreterOf(head);
            return OfScript(path, interpreter);
        }

        return head.AsSpan().StartsWith("\u007fELF"u8) ? OfProgram(path, head)
            : Held($"{path} is neither a program nor a script with a #! line", "begin a script with #!/bin/sh or the like");
    }

    private static string InterpreterOf(ReadOnlySpan<byte> head)
    {
        var end = head.IndexOf((byte)'\n');
        return Encoding.UTF8.GetString(head[2..(end < 0 ? head.Length : end)]).Trim(' ', '\t').Split(' ', '\t')[0];
    }

    private static Hold? OfScript(string path, string interpreter) => interpreter.EndsWith('\r')
        ? Held($"the first line of {path} ends with a carriage return, so '{interpreter.TrimEnd('\r')}\\r' would be run",
            "save the file with Unix line endings")
        : interpreter.Length == 0 ? Held($"the #! line of {path} names no interpreter", "begin it with #!/bin/sh or the like")
        : !File.Exists(interpreter)
            ? Held($"{path} wants the interpreter {interpreter}, which does not exist on this host",
                $"install {Path.GetFileName(interpreter)} on this host, or correct the first line")
        : null;

    /// <summary>elf(5): the machine is at 18; program headers of 56 bytes name the loader under type 3.</summary>
    private static Hold? OfProgram(string path, ReadOnlySpan<byte> head)
    {
        const int headerSize = 64;
        const int programHeaderSize = 56;
        const int interpreterType = 3;
        if (head.Length < headerSize || head[4] != 2)
        {
            return null;
        }

        var machine = BinaryPrimitives.ReadUInt16LittleEndian(head[18..]);
        var ours = RuntimeInformation.OSArchitecture switch { Architecture.X64 => 62, Architecture.Arm64 => 183, _ => machine };
        if (machine != ours)
        {
            return Held($"{path} is built for another kind of machine", $"build it for {RuntimeInformation.OSArchitecture}");
        }

        var start = BinaryPrimitives.ReadUInt64LittleEndian(head[32..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(head[56..]);
        for (var i = 0; i < count; i++)
        {
            var at = start + (ulong)(i * programHeaderSize);
            if (at + programHeaderSize > (ulong)head.Length)
            {
                return null;
            }

            var header = head[(int)at..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == interpreterType)
            {
                return OfLoader(path, head, BinaryPrimitives.ReadUInt64LittleEndian(header[8..]),
                    BinaryPrimitives.ReadUInt64LittleEndian(header[32..]));
            }
        }

        return null;
    }

    private static Hold? OfLoader(string path, ReadOnlySpan<byte> head, ulong offset, ulong size)
    {
        if (size is < 2 or > HeadMax || offset > (ulong)head.Length || offset + size > (ulong)head.Length)
        {
            return null;
        }

        var loader = Encoding.UTF8.GetString(head.Slice((int)offset, (int)size - 1));
        return File.Exists(loader) ? null : Held(
            $"{path} wants the loader {loader}, which does not exist on this host",
            "build it against this host's C library, or statically");
    }

    /// <summary>What is there instead: most often the name was mistyped.</summary>
    private static string Neighbours(string path)
    {
        const int shown = 5;
        var directory = Path.GetDirectoryName(path);
        if (directory is null || !Directory.Exists(directory))
        {
            return $" (neither does the directory {directory})";
        }

        try
        {
            var names = Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName)
                .Order(StringComparer.Ordinal).Take(shown + 1).ToList();
            return names.Count == 0
                ? " (the directory is empty)"
                : $" (the directory has {string.Join(", ", names.Take(shown))}{(names.Count > shown ? ", ..." : "")})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static Hold Held(string text, string? mend) => new(HoldReason.ExecutableMissing, text, mend);
}
