using Zurg.Agent.Cores;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Cores;

public sealed class CoreShelfTests : IDisposable
{
    private readonly CoreBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_dump_is_taken_over_with_what_is_needed_to_open_it()
    {
        var path = _bench.Core(41);
        var bytes = File.ReadAllBytes(path);
        var shelf = _bench.Shelf();
        var (kept, _) = shelf.Take(new CoreSearch.Found(path, IsOurs: true), _bench.Dumped());
        Assert.Equal(
            ("web.0-1", "bin/run", "web@1.0.0", bytes.Length), (kept!.Id, kept.Executable, kept.Release.Value, kept.Size));
        Assert.Equal(bytes, File.ReadAllBytes(shelf.PathOf("web.0-1")!));
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(shelf.PathOf("web.0-1")!));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Its_release_stays_for_as_long_as_it_does_also_for_the_next_agent()
    {
        Take(_bench.Shelf());
        var shelf = _bench.Shelf();
        Assert.Equal([ReleaseId.Parse("web@1.0.0")], shelf.Releases!);
        Assert.Equal(["web.0-1"], shelf.Kept.Select(c => c.Id));
        Directory.Delete(_bench.Paths.Cores, recursive: true);
        Assert.Empty(_bench.Shelf().Releases!);
    }

    [Fact]
    public void One_beyond_the_quota_stays_where_it_is()
    {
        var path = _bench.Core(41, size: 100_000);
        var (kept, why) = _bench.Shelf(quota: 50_000).Take(new CoreSearch.Found(path, IsOurs: true), _bench.Dumped());
        Assert.Null(kept);
        Assert.EndsWith($"it is left at {path}", why, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void Older_ones_go_for_a_newer_one()
    {
        var shelf = _bench.Shelf(quota: 40_000);
        for (var incarnation = 1; incarnation <= 4; incarnation++)
        {
            Take(shelf, incarnation);
        }

        Assert.Equal(["web.0-4", "web.0-3", "web.0-2"], shelf.Kept.Select(c => c.Id));
        Assert.Equal(3, Directory.GetDirectories(_bench.Paths.Cores).Length);
    }

    [Fact]
    public void What_belongs_to_systemd_is_copied_and_holes_stay_holes()
    {
        var path = _bench.Core(41, "core.web.zst");
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(200L << 20);
        }

        var (kept, _) = _bench.Shelf().Take(new CoreSearch.Found(path, IsOurs: false), _bench.Dumped());
        Assert.True(File.Exists(path));
        Assert.Equal(("core.zst", 200L << 20), (kept!.File, new FileInfo(_bench.Shelf().PathOf(kept.Id)!).Length));
        Assert.True(Zurg.Agent.Disk.AllocatedBy(_bench.Shelf().PathOf(kept.Id)!) < 1 << 20);
    }

    [Fact]
    public void What_an_agent_left_half_done_is_finished_or_removed()
    {
        Take(_bench.Shelf());
        Take(_bench.Shelf(), incarnation: 2);
        var whole = Path.Combine(_bench.Paths.Cores, "web.0-1");
        Directory.Move(whole, whole + "~");
        File.Delete(Path.Combine(_bench.Paths.Cores, "web.0-2", "core"));
        Assert.Equal(["web.0-1"], _bench.Shelf().Kept.Select(c => c.Id));
        Assert.Equal([whole], Directory.GetDirectories(_bench.Paths.Cores));
    }

    [Fact]
    public void No_name_leads_out_of_the_directory() => Assert.Null(_bench.Shelf().PathOf("../journal.db"));

    private void Take(CoreShelf shelf, int incarnation = 1)
    {
        var found = new CoreSearch.Found(_bench.Core(41), IsOurs: true);
        Assert.NotNull(shelf.Take(found, _bench.Dumped(incarnation: incarnation)).Kept);
    }
}
