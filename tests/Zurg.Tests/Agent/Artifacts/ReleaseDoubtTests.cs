using Zurg.Agent;
using Zurg.Agent.Artifacts;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Artifacts;

/// <summary>When a release on disk is believed, when it is hashed, and what is told of one that was edited.</summary>
public sealed class ReleaseDoubtTests : IAsyncLifetime
{
    private static readonly ReleaseId One = ReleaseId.Parse("web@1");
    private static readonly ReleaseId Two = ReleaseId.Parse("web@2");
    private readonly FakeReleases _master = FakeReleases.Start();
    private readonly ManualTime _time = new();

    private string Mark => Path.Combine(_master.Directory["agent"], "releases", ".marks", "web@1");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task An_edited_release_is_told_of_once_with_the_file_and_whose_start_met_it()
    {
        var digest = _master.Push("web@1", ("bin/run", "run"), ("etc/conf", "conf"));
        var demand = new ReleaseDemand(One, digest, InstanceId.Parse("web.0"));
        await using var store = _master.NewStore();
        Edit(Path.Combine(await ReadyAsync(store, demand), "etc/conf"));
        Assert.Empty(_master.Told);

        await ReadyAsync(store, demand);
        await ReadyAsync(store, demand);

        var told = Assert.Single(_master.Told);
        Assert.Equal(EventKind.ReleaseQuarantined, told.Kind);
        Assert.Equal("web.0", told.Instance?.Value);
        Assert.Contains("web@1", told.Text, StringComparison.Ordinal);
        Assert.Contains("etc/conf", told.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edit_of_a_file_that_two_releases_share_is_told_of_for_both()
    {
        var one = new ReleaseDemand(One, _master.Push("web@1", ("bin/run", "one"), ("lib", "shared")));
        var two = new ReleaseDemand(Two, _master.Push("web@2", ("bin/run", "two"), ("lib", "shared")));
        await using var store = _master.NewStore();
        var first = await ReadyAsync(store, one);
        var second = await ReadyAsync(store, two);
        Edit(Path.Combine(second, "lib"));
        Assert.Equal("eDITED", File.ReadAllText(Path.Combine(first, "lib")));

        await ReadyAsync(store, one);
        await ReadyAsync(store, two);

        Assert.Equal(["web@1", "web@2"], _master.Told.Select(t => t.Text.Split(' ')[1]));
        Assert.Equal("shared", File.ReadAllText(Path.Combine(first, "lib")));
        Assert.Equal("shared", File.ReadAllText(Path.Combine(second, "lib")));
    }

    [Fact]
    public async Task A_mark_speaks_for_a_day_of_use_and_then_every_byte_is_hashed_again()
    {
        var demand = new ReleaseDemand(One, _master.Push("web@1", ("bin/run", "run")));
        await using var store = _master.NewStore(_time);
        await ReadyAsync(store, demand);
        var hashed = ReleaseMark.Read(Mark)!.HashedAt;

        _time.Advance(ReleaseMark.AgeMax - TimeSpan.FromSeconds(1));
        await ReadyAsync(store, demand);
        Assert.Equal(hashed, ReleaseMark.Read(Mark)!.HashedAt);

        _time.Advance(TimeSpan.FromSeconds(1));
        await ReadyAsync(store, demand);
        Assert.Equal(_time.GetUtcNow(), ReleaseMark.Read(Mark)!.HashedAt);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_is_doubt()
    {
        var demand = new ReleaseDemand(One, _master.Push("web@1", ("bin/run", "run")));
        await using var store = _master.NewStore(_time);
        await ReadyAsync(store, demand);

        _time.Jump(-TimeSpan.FromHours(1));
        await ReadyAsync(store, demand);

        Assert.Equal(_time.GetUtcNow(), ReleaseMark.Read(Mark)!.HashedAt);
    }

    [Fact]
    public async Task Bytes_that_rot_without_a_trace_are_found_within_a_day()
    {
        var demand = new ReleaseDemand(One, _master.Push("web@1", ("bin/run", "run")));
        await using var store = _master.NewStore(_time);
        var path = Path.Combine(await ReadyAsync(store, demand), "bin/run");
        Edit(path);

        // As a disk that lies: the stamp of the wrong bytes is the one that is marked.
        var mark = ReleaseMark.Read(Mark)!;
        (mark with { Stamps = mark.Stamps.SetItem("bin/run", Disk.StampOf(path)!) }).Write(Mark);
        await using var restarted = _master.NewStore(_time);
        await ReadyAsync(restarted, demand);
        Assert.Empty(_master.Told);

        _time.Advance(ReleaseMark.AgeMax);
        await ReadyAsync(restarted, demand);

        Assert.Single(_master.Told);
        Assert.Equal("run", File.ReadAllText(path));
    }

    [Fact]
    public async Task What_is_needed_is_hashed_each_day_though_nothing_starts()
    {
        var demand = new ReleaseDemand(One, _master.Push("web@1", ("bin/run", "run")));
        var idle = new ReleaseDemand(Two, _master.Push("web@2", ("bin/run", "RUN")));
        await using var store = _master.NewStore(_time);
        await ReadyAsync(store, idle);
        var path = Path.Combine(await ReadyAsync(store, demand), "bin/run");
        Edit(path);
        var mark = ReleaseMark.Read(Mark)!;
        (mark with { Stamps = mark.Stamps.SetItem("bin/run", Disk.StampOf(path)!) }).Write(Mark);
        _master.Use.Set("web@1");
        using var stop = new CancellationTokenSource();
        var running = store.RunAsync(stop.Token);

        await Eventually.TrueAsync(() =>
        {
            _time.Advance(ReleaseShelf.SweepEvery);
            return !_master.Told.IsEmpty;
        }, "found");

        await Eventually.TrueAsync(() => File.Exists(path) && File.ReadAllText(path) == "run", "brought again");
        Assert.Equal("web@1", Assert.Single(_master.Told).Text.Split(' ')[1]);
        Assert.True(_time.GetUtcNow() - mark.HashedAt >= ReleaseMark.AgeMax);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_mark_of_another_boot_does_not_speak()
    {
        var demand = new ReleaseDemand(One, _master.Push("web@1", ("bin/run", "run")));
        await using var store = _master.NewStore(_time);
        await ReadyAsync(store, demand);
        (ReleaseMark.Read(Mark)! with { BootId = "another" }).Write(Mark);

        await using var rebooted = _master.NewStore(_time);
        await ReadyAsync(rebooted, demand);

        Assert.Equal(ReleaseMark.ThisBoot, ReleaseMark.Read(Mark)!.BootId);
    }

    [Fact]
    public async Task A_link_put_in_place_of_a_file_leads_nothing_astray()
    {
        var demand = new ReleaseDemand(One, _master.Push("web@1", ("bin/run", "run"), ("conf", "conf")));
        await using var store = _master.NewStore();
        var path = Path.Combine(await ReadyAsync(store, demand), "conf");
        var outside = _master.Directory["outside"];
        File.WriteAllText(outside, "conf");
        File.SetUnixFileMode(outside, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(
            Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Delete(path);
        File.CreateSymbolicLink(path, outside);

        await ReadyAsync(store, demand);

        Assert.Single(_master.Told);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(outside));
        Assert.Null(new FileInfo(path).LinkTarget);
    }

    private static async Task<string> ReadyAsync(ReleaseStore store, ReleaseDemand demand)
    {
        var outcome = await store.EnsureAsync(demand, default);
        Assert.True(outcome is ReleaseOutcome.Ready, (outcome as ReleaseOutcome.Held)?.Hold.Text);
        return ((ReleaseOutcome.Ready)outcome).Directory;
    }

    /// <summary>The same length, the same time of writing.</summary>
    private static void Edit(string path)
    {
        var written = File.GetLastWriteTimeUtc(path);
        var mode = File.GetUnixFileMode(path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(path, "eDITED"[..(int)new FileInfo(path).Length]);
        File.SetUnixFileMode(path, mode);
        File.SetLastWriteTimeUtc(path, written);
    }
}
