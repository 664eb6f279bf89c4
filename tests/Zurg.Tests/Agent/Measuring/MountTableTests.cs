using Zurg.Agent.Measuring;

namespace Zurg.Tests.Agent.Measuring;

public sealed class MountTableTests
{
    private const string Text =
        "22 27 0:21 / / rw - ext4 /dev/vda rw\n"
        + "23 22 0:22 / /var rw shared:1 - xfs /dev/vdb rw\n"
        + "24 22 0:23 / /var/lib/my\\040disk rw - xfs /dev/vdc rw\n";

    [Theory]
    [InlineData("/home/x", "/")]
    [InlineData("/var", "/var")]
    [InlineData("/variety", "/")]
    [InlineData("/var/lib/my disk/logs", "/var/lib/my disk")]
    public void A_path_lies_on_the_nearest_mount_above(string path, string mount) =>
        Assert.Equal(mount, new MountTable(Text).MountOf(path));

    [Fact]
    public void Without_a_table_everything_lies_on_the_root() => Assert.Equal("/", new MountTable("").MountOf("/a/b"));
}
