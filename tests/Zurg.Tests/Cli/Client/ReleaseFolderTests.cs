using Zurg.Cli;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

public sealed class ReleaseFolderTests : IDisposable
{
    private static readonly ReleaseId Release = ReleaseId.Parse("web@1");
    private readonly string _directory = Directory.CreateTempSubdirectory("zurg-folder-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Every_file_is_listed_in_order_with_its_digest_and_mode()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "bin"));
        File.WriteAllText(Path.Combine(_directory, "bin/web"), "run");
        File.SetUnixFileMode(Path.Combine(_directory, "bin/web"), (UnixFileMode)0b111_101_101);
        File.WriteAllText(Path.Combine(_directory, "a.txt"), "");
        File.CreateSymbolicLink(Path.Combine(_directory, "current"), "bin/web");
        var files = Read().Manifest.Files;
        Assert.Equal(["a.txt", "bin/web", "current"], files.Select(f => f.Path));
        Assert.Equal(Digest.Of("run"u8), files[1].Digest);
        Assert.Equal(0b111_101_101, files[1].Mode);
        Assert.Equal("bin/web", files[2].Link);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    public void A_link_that_leaves_is_refused(string target)
    {
        File.CreateSymbolicLink(Path.Combine(_directory, "link"), target);
        Assert.Contains("leaves the directory", Assert.Throws<VerbFailedException>(Read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_is_refused_and_not_waited_for()
    {
        using var make = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(_directory, "pipe")]);
        make.WaitForExit();
        Assert.Contains("neither a file", Assert.Throws<VerbFailedException>(Read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_directory_is_refused() => Assert.Throws<VerbFailedException>(Read);

    private ReleaseFolder Read() => ReleaseFolder.Read(Release, _directory, new Screens().Pipe, CancellationToken.None);
}
