using System.Collections.Immutable;
using Zurg.Agent;
using Zurg.Agent.Artifacts;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Artifacts;

/// <summary>Old releases leave the disk, those that are needed stay.</summary>
public sealed class ReleaseShelfTests : IAsyncLifetime
{
    private const int MiB = 1024 * 1024;
    private readonly FakeReleases _master = FakeReleases.Start();
    private readonly ManualTime _time = new();

    private string Releases => Path.Combine(_master.Directory["agent"], "releases");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task Old_releases_go_with_all_that_belongs_to_them_and_those_needed_stay()
    {
        await using var store = _master.NewStore(_time);
        await LayAsync(store, "web@1", "web@2", "web@3", "web@4");
        _master.Use.Set("web@1", "web@2", "web@3", "web@4");
        Assert.True(_master.Shelf.TrySweep());
        _master.Use.Set("web@1");
        _time.Advance(ReleaseCollecting.UnusedFor);

        Assert.True(_master.Shelf.TrySweep());

        // Nobody knows which of three that were needed until the same moment is the oldest: the lowest name goes.
        Assert.Equal(["1", "3", "4"], Names("web"));
        Assert.Equal(["web@1", "web@3", "web@4"], Names(".marks"));
        Assert.Equal(["web@1", "web@3", "web@4"], Names(".manifests"));
        Assert.Empty(Names(".removing"));
    }

    [Fact]
    public async Task A_removed_release_is_brought_again_when_it_is_wanted()
    {
        await using var store = _master.NewStore(_time);
        var demand = (await LayAsync(store, "web@1", "web@2", "web@3"))[0];
        _master.Use.Set();
        _time.Advance(ReleaseCollecting.UnusedFor);
        _master.Shelf.TrySweep();
        Assert.Equal(["2", "3"], Names("web"));

        var ready = Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(demand, default));
        Assert.True(File.Exists(Path.Combine(ready.Directory, "own")));
    }

    [Fact]
    public async Task Files_shared_with_a_removed_release_are_not_in_doubt()
    {
        await using var store = _master.NewStore(_time);
        var demands = await LayAsync(store, "web@1", "web@2", "web@3");
        _master.Use.Set();
        _time.Advance(ReleaseCollecting.UnusedFor);
        _master.Shelf.TrySweep();
        Assert.Equal(["2", "3"], Names("web"));

        var stamps = ReleaseMark.Read(Path.Combine(Releases, ".marks", "web@3"))!.Stamps;
        Assert.Equal(Disk.StampOf(Path.Combine(Releases, "web", "3", "shared")), stamps["shared"]);
        Assert.Empty(_master.Told);
        Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(demands[2], default));
    }

    [Fact]
    public async Task A_release_that_is_wanted_just_before_it_goes_stays()
    {
        await using var store = _master.NewStore(_time);
        await LayAsync(store, "web@1", "web@2", "web@3");
        _master.Use.Set();
        _master.Use.Then = [ReleaseId.Parse("web@1")];
        _time.Advance(ReleaseCollecting.UnusedFor);

        Assert.True(_master.Shelf.TrySweep());

        Assert.Equal(["1", "2", "3"], Names("web"));
        Assert.Equal(["web@1", "web@2", "web@3"], Names(".marks"));
    }

    [Fact]
    public async Task Nothing_goes_while_it_is_not_known_what_is_needed()
    {
        await using var store = _master.NewStore(_time);
        await LayAsync(store, "web@1", "web@2", "web@3");
        _time.Advance(TimeSpan.FromDays(100));

        Assert.False(_master.Shelf.TrySweep());
        Assert.False(_master.Shelf.TryFreeOne(ReleaseId.Parse("web@9")));

        Assert.Equal(["1", "2", "3"], Names("web"));
    }

    [Fact]
    public async Task What_a_killed_fetch_left_is_removed_when_nobody_wants_it_any_more()
    {
        var digest = _master.Push("web@1", ("own", "1"));
        var staging = Path.Combine(Releases, ".staging", $"web@1-{digest.Short}");
        Directory.CreateDirectory(Path.Combine(staging, "tree"));
        Directory.CreateDirectory(Path.Combine(Releases, ".staging", "web@1-0123456789ab", "tree"));
        Directory.CreateDirectory(Path.Combine(Releases, ".removing", "web@0", "d"));
        await using var store = _master.NewStore(_time);
        _master.Use.Set("web@1");
        _master.Shelf.TrySweep();
        Assert.True(Directory.Exists(staging));
        Assert.Empty(Names(".removing"));

        // Also what was staged for another manifest of the same release.
        var demand = new ReleaseDemand(ReleaseId.Parse("web@1"), digest);
        Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(demand, default));
        Assert.Empty(Names(".staging"));

        Directory.CreateDirectory(Path.Combine(Releases, ".staging", "api@1-0123456789ab", "tree"));
        _master.Shelf.TrySweep();
        Assert.Empty(Names(".staging"));
    }

    [Fact]
    public async Task A_quarantine_is_there_for_a_week()
    {
        await using var store = _master.NewStore(_time);
        var demand = (await LayAsync(store, "web@1"))[0];
        var path = Path.Combine(Releases, "web", "1", "own");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(path, "edited");
        Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(demand, default));
        _master.Use.Set("web@1");

        _time.Advance(ReleaseShelf.QuarantineFor - TimeSpan.FromMinutes(1));
        _master.Shelf.TrySweep();
        Assert.Equal(["web@1"], Names(".quarantine"));
        _time.Advance(TimeSpan.FromMinutes(1));
        _master.Shelf.TrySweep();

        Assert.Empty(Names(".quarantine"));
        Assert.Equal(["1"], Names("web"));
    }

    [Fact]
    public async Task The_loop_sweeps_once_it_is_known_what_is_needed_and_then_each_hour()
    {
        await using var store = _master.NewStore(_time);
        await LayAsync(store, "web@1", "web@2", "web@3");
        using var stop = new CancellationTokenSource();
        var running = _master.Shelf.RunAsync(stop.Token);
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(["1", "2", "3"], Names("web"));

        _master.Use.Set("web@3");
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(ReleaseShelf.SweepEvery);
            return Names("web").Length == 3 && Names(".marks").Length == 3;
        }, "the loop waits");
        _master.Use.Set();
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(ReleaseShelf.SweepEvery);
            return Names("web") is ["2", "3"];
        }, "swept");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [SmallDiskFact]
    public async Task What_can_be_spared_makes_way_for_a_release_that_would_not_fit()
    {
        using var disk = new SmallDisk(20);
        await using var store = _master.NewStore(_time, disk["agent"]);
        await LayAsync(store, 5 * MiB, "web@1", "web@2", "web@3");
        _master.Use.Set("web@2");

        await LayAsync(store, 5 * MiB, "web@4");

        Assert.False(Directory.Exists(disk["agent/releases/web/1"]));
        Assert.True(Directory.Exists(disk["agent/releases/web/2"]));
        Assert.True(Directory.Exists(disk["agent/releases/web/3"]));
        Assert.True(Directory.Exists(disk["agent/releases/web/4"]));

        // What could never fit takes nothing along.
        var digest = _master.PushRaw("web@5", new ReleaseFile("big", 0x1a4, 100 * MiB, Digest.Of("x"u8)));
        var held = Assert.IsType<ReleaseOutcome.Held>(await store.EnsureAsync(new(ReleaseId.Parse("web@5"), digest), default));
        Assert.Equal(HoldReason.DiskFull, held.Hold.Reason);
        Assert.True(Directory.Exists(disk["agent/releases/web/3"]));
    }

    [Fact]
    public void What_runs_still_is_needed_though_another_release_is_assigned()
    {
        var paths = new ReleasePaths("/agent");
        Assert.Equal("web@1.2", paths.ReleaseOf("/agent/releases/web/1.2/bin/run")?.Value);
        Assert.Equal("web@1.2", paths.ReleaseOf("/agent/releases/web/1.2")?.Value);
        Assert.Null(paths.ReleaseOf("/agent/releases/.quarantine/web@1"));
        Assert.Null(paths.ReleaseOf("/agent/releases-other/web/1.2"));
        Assert.Null(paths.ReleaseOf("/usr/bin/python3"));

        var use = new AssignedReleases(paths);
        use.Observe(new AgentState { Host = AgentWords.Host });
        Assert.Null(use.Releases);

        var next = AgentWords.Assigned(AgentWords.Web, "4.0.0");

        // web.0 is told to run 2.0.0; the process of 1.0.0 has not ended yet.
        var launch = AgentWords.Launch() with { Executable = "/usr/bin/python3", Args = ["/agent/releases/web/1.0.0/main.py"] };
        var instance = InstanceWords.In(InstancePhase.Stopping) with
        {
            Assigned = AgentWords.Assigned(AgentWords.Web, "2.0.0"), Launch = launch,
        };
        use.Observe(new AgentState
        {
            Host = AgentWords.Host,
            Assignment = AgentWords.Assign(1, AgentWords.Assigned(AgentWords.Web, "3.0.0") with
            {
                Next = new NextInstance(next.Spec, next.SpecDigest, next.Manifest),
            }).Assignment,
            Instances = ImmutableSortedDictionary<InstanceId, InstanceState>.Empty.Add(AgentWords.Web, instance),
        });
        Assert.Equal(["1.0.0", "2.0.0", "3.0.0", "4.0.0"], use.Releases!.Select(r => r.Version.Value));
    }

    private Task<ImmutableArray<ReleaseDemand>> LayAsync(ReleaseStore store, params string[] releases) =>
        LayAsync(store, 1, releases);

    /// <summary>Each has one file of its own and one that all of them have.</summary>
    private async Task<ImmutableArray<ReleaseDemand>> LayAsync(ReleaseStore store, int bytes, params string[] releases)
    {
        var demands = ImmutableArray.CreateBuilder<ReleaseDemand>();
        foreach (var release in releases)
        {
            var own = release[^1] + new string('x', bytes);
            var demand = new ReleaseDemand(ReleaseId.Parse(release), _master.Push(release, ("own", own), ("shared", "shared")));
            Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(demand, default));
            File.SetLastWriteTimeUtc(_master.Shelf.Paths.Mark(demand.Release), _time.GetUtcNow().UtcDateTime);
            demands.Add(demand);
            await Eventually.TrueAsync(() => IsMarkedAsItLooks(release), "marked again");
        }

        return demands.ToImmutable();
    }

    /// <summary>The marks of others are brought up to date behind the one that linked their files.</summary>
    private bool IsMarkedAsItLooks(string release)
    {
        var paths = _master.Shelf.Paths;
        return paths.Complete().All(r => r.Value == release || ReleaseMark.Read(paths.Mark(r)) is { } mark
            && mark.Stamps["shared"] == Disk.StampOf(Path.Combine(paths.Tree(r), "shared")));
    }

    private string[] Names(string room) =>
        [.. Directory.EnumerateFileSystemEntries(Path.Combine(Releases, room)).Select(Path.GetFileName).Order()!];
}
