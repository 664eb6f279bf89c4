using System.Reflection;
using System.Text;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// A copy of a build that says another version of itself, in a directory of its own: as an upgrade leaves it. The version is
/// changed in the files, as long as it was; all else is the same, so what differs in a test is that it is another program.
/// </summary>
internal sealed class NewerBuild : IDisposable
{
    private static readonly string OldVersion = VersionOf(typeof(ReleaseId).Assembly);

    private readonly string _directory = Directory.CreateTempSubdirectory("zurg-newer-").FullName;

    /// <param name="pid">Of a process of the build that is copied.</param>
    public NewerBuild(int pid)
    {
        var program = new FileInfo($"/proc/{pid}/exe").LinkTarget!;
        Assert.Equal("zurg", Path.GetFileName(program));
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(program)!))
        {
            File.Copy(file, Path.Combine(_directory, Path.GetFileName(file)));
        }

        foreach (var file in (string[])["Zurg.Agent.dll", "zurg.dll"])
        {
            Rename(Path.Combine(_directory, file));
        }
    }

    /// <summary>What its builds begin with.</summary>
    public static string Version { get; } = Later(OldVersion);

    public string Program => Path.Combine(_directory, "zurg");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>The version is in the metadata of an assembly once or more, never in its code.</summary>
    private static void Rename(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var (old, later) = (Encoding.ASCII.GetBytes(OldVersion), Encoding.ASCII.GetBytes(Version));
        var found = 0;
        for (int at = 0, next; (next = bytes.AsSpan(at).IndexOf(old)) >= 0; at += next + 1, found++)
        {
            later.CopyTo(bytes, at + next);
        }

        Assert.True(found > 0, $"{path} says no version");
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Without the commit behind the plus sign, which another build has another of.</summary>
    private static string VersionOf(Assembly assembly)
    {
        var text = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        return text[..(text.IndexOf('+', StringComparison.Ordinal) + 1)] is { Length: > 0 } version ? version : text;
    }

    /// <summary>Of the same length, with another last digit.</summary>
    private static string Later(string version)
    {
        var digit = version.LastIndexOfAny([.. "0123456789"]);
        return $"{version[..digit]}{(version[digit] == '9' ? '8' : '9')}{version[(digit + 1)..]}";
    }
}
