using Zurg.Agent;
using Zurg.Tests.Agent.Artifacts;

namespace Zurg.Tests.Agent;

public sealed class DiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_directory_that_is_gone_is_told_from_one_that_cannot_be_brought_to_the_disk()
    {
        Disk.SyncDirectory(_directory["."]);
        Disk.SyncFileSystem(_directory["."]);
        Assert.Throws<DirectoryNotFoundException>(() => Disk.SyncDirectory(_directory["gone"]));
        Assert.Throws<DirectoryNotFoundException>(() => Disk.SyncFileSystem(_directory["gone"]));
        File.WriteAllText(_directory["file"], "");
        var e = Assert.Throws<IOException>(() => Disk.SyncDirectory(_directory["file"]));
        Assert.Contains(_directory["file"], e.Message, StringComparison.Ordinal);
        Assert.False(Disk.IsFull(e));
    }

    [SmallDiskFact]
    public void A_full_disk_is_known_by_its_error()
    {
        using var disk = new SmallDisk(1);
        var e = Assert.Throws<IOException>(() => disk.Fill("file", 2 * 1024 * 1024));
        Assert.True(Disk.IsFull(e), e.ToString());
    }
}
