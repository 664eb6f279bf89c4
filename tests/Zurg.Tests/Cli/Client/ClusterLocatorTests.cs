using Zurg.Cli;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

public sealed class ClusterLocatorTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("zurg-locate-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_nearest_cluster_upwards_is_meant()
    {
        var zurg = Directory.CreateDirectory(Path.Combine(_directory, ".zurg")).FullName;
        new ClusterFile(new Uri("http://127.0.0.1:7000"), "/token", Environment.ProcessId).Write(zurg);
        var below = Directory.CreateDirectory(Path.Combine(_directory, "a/b")).FullName;
        var found = ClusterLocator.Locate(Screens.At(below), null, null);
        Assert.Equal(new ClusterAddress(new Uri("http://127.0.0.1:7000"), "/token", zurg), found);
    }

    [Fact]
    public void A_stale_cluster_says_how_to_start_it()
    {
        var zurg = Directory.CreateDirectory(Path.Combine(_directory, ".zurg")).FullName;
        new ClusterFile(new Uri("http://127.0.0.1:7000"), "/token", int.MaxValue).Write(zurg);
        var refused = Assert.Throws<VerbFailedException>(() => ClusterLocator.Locate(Screens.At(_directory), null, null));
        Assert.Equal($"start it with: zurg dev --dir {zurg}", refused.Mend);
    }

    [Fact]
    public void A_named_master_wants_its_token()
    {
        var surroundings = Screens.At(_directory, ("ZURG_MASTER", "http://127.0.0.1:7000"));
        var refused = Assert.Throws<VerbFailedException>(() => ClusterLocator.Locate(surroundings, null, null));
        Assert.Contains("token", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Path.Combine(_directory, "t"), ClusterLocator.Locate(surroundings, null, "t").TokenFile);
    }

    [Fact]
    public void What_was_seen_is_remembered_for_each_file()
    {
        var cluster = new ClusterAddress(new Uri("http://127.0.0.1:7000"), "/token", _directory);
        var surroundings = Screens.At(_directory);
        Assert.Equal(default, SeenFile.Of(cluster, "/a", surroundings));
        SeenFile.Remember(cluster, "/a", new SpecNumber(3), surroundings);
        SeenFile.Remember(cluster, "/b", new SpecNumber(5), surroundings);
        Assert.Equal(new SpecNumber(3), SeenFile.Of(cluster, "/a", surroundings));
        Assert.Equal(new SpecNumber(5), SeenFile.Of(cluster, "/b", surroundings));
    }
}
