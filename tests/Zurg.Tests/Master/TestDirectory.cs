namespace Zurg.Tests.Master;

/// <summary>A directory that goes with the test, also when the test fails.</summary>
internal sealed class TestDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("zurg-master-").FullName;

    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>What a kill -9 of now would leave behind: the files as they are, their writers still at work.</summary>
    public TestDirectory Copy()
    {
        var copy = new TestDirectory();
        var files = Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories);
        foreach (var file in files.Where(f => System.IO.Path.GetFileName(f) != "lock"))
        {
            var target = System.IO.Path.Combine(copy.Path, System.IO.Path.GetRelativePath(Path, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);

            // Sharing everything asks for no lock of a directory in use.
            using var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = new FileStream(target, FileMode.CreateNew, FileAccess.Write);
            from.CopyTo(to);
            to.Flush();
            File.SetUnixFileMode(target, File.GetUnixFileMode(file));
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
