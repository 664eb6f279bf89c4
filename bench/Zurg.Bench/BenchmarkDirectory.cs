namespace Zurg.Bench;

/// <summary>The directory of one run.</summary>
internal static class BenchmarkDirectory
{
    /// <summary>Empty; what an earlier run left there is removed.</summary>
    public static string Fresh(string path)
    {
        if (Directory.Exists(path))
        {
            Unseal(path);
            Directory.Delete(path, recursive: true);
        }

        return Directory.CreateDirectory(path).FullName;
    }

    /// <summary>Releases are laid out read-only.</summary>
    private static void Unseal(string path)
    {
        foreach (var directory in Directory.EnumerateDirectories(path, "*", SearchOption.AllDirectories))
        {
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
