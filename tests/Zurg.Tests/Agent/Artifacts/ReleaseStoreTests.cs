using Zurg.Agent.Artifacts;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Artifacts;

public sealed class ReleaseStoreTests : IAsyncLifetime
{
    private static readonly ReleaseId One = ReleaseId.Parse("web@1.0.0");
    private static readonly ReleaseId Two = ReleaseId.Parse("web@2.0.0");
    private readonly FakeReleases _master = FakeReleases.Start();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task A_release_that_does_not_fit_is_held_before_a_byte_of_it_fills_the_disk()
    {
        var digest = _master.PushRaw("web@1.0.0", [.. Enumerable.Range(0, 99_999)
            .Select(i => new ReleaseFile($"{i:D6}", 0x1a4, ManifestRules.FileBytesMax, Digest.Of("x"u8)))]);

        var hold = Held(await EnsureAsync(One, digest));

        Assert.Equal(HoldReason.DiskFull, hold.Reason);
        Assert.Contains("bytes more", hold.Text, StringComparison.Ordinal);
        Assert.Equal(0, _master.FilesAsked);
    }

    [Fact]
    public async Task A_release_is_laid_out_read_only_with_its_links()
    {
        var digest = _master.PushRaw("web@1.0.0",
            new ReleaseFile("bin/run", 0x1ff, 3, _master.Keep("run")),
            new ReleaseFile("etc/conf", 0x1b6, 4, _master.Keep("conf")),
            new ReleaseFile("etc/current", 0, 0, null, "conf"));

        var directory = Ready(await EnsureAsync(One, digest));

        Assert.Equal(Path.Combine(_master.Directory["agent"], "releases", "web", "1.0.0"), directory);
        Assert.Equal("run", File.ReadAllText(Path.Combine(directory, "bin/run")));
        Assert.Equal("conf", File.ReadAllText(Path.Combine(directory, "etc/current")));
        Assert.Equal("555", ModeOf(Path.Combine(directory, "bin/run")));
        Assert.Equal("444", ModeOf(Path.Combine(directory, "etc/conf")));
        Assert.Equal("555", ModeOf(directory));
        Assert.Equal("555", ModeOf(Path.Combine(directory, "etc")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_master.Directory["agent"], "releases", ".staging")));
    }

    [Fact]
    public async Task A_complete_release_is_ready_again_without_the_master_also_after_a_restart()
    {
        var digest = _master.Push("web@1.0.0", ("bin/run", "run"));
        Ready(await EnsureAsync(One, digest));
        var asked = _master.Asked.Count;

        Ready(await EnsureAsync(One, digest));
        await using var restarted = _master.NewStore();
        Ready(await restarted.EnsureAsync(new ReleaseDemand(One, digest), default));

        Assert.Equal(asked, _master.Asked.Count);
    }

    [Fact]
    public async Task Only_files_that_the_host_lacks_are_fetched()
    {
        Ready(await EnsureAsync(One, _master.Push("web@1.0.0", ("bin/run", "run"), ("lib/big", "the same in both"))));
        Assert.Equal(2, _master.FilesAsked);

        var directory = Ready(await EnsureAsync(Two,
            _master.Push("web@2.0.0", ("bin/run", "RUN"), ("lib/big", "the same in both"))));

        Assert.Equal(3, _master.FilesAsked);
        Assert.Equal("the same in both", File.ReadAllText(Path.Combine(directory, "lib/big")));
    }

    [Fact]
    public async Task A_file_that_was_changed_on_disk_is_found_set_aside_and_fetched_again()
    {
        var digest = _master.Push("web@1.0.0", ("bin/run", "run"), ("etc/conf", "conf"));
        var directory = Ready(await EnsureAsync(One, digest));
        Tamper(Path.Combine(directory, "bin/run"), "RUN");

        Assert.Equal(directory, Ready(await EnsureAsync(One, digest)));

        Assert.Equal("run", File.ReadAllText(Path.Combine(directory, "bin/run")));
        Assert.Equal("RUN",
            File.ReadAllText(Path.Combine(_master.Directory["agent"], "releases", ".quarantine", "web@1.0.0", "bin/run")));
    }

    [Fact]
    public async Task A_change_with_the_old_time_set_back_is_found_too()
    {
        var digest = _master.Push("web@1.0.0", ("bin/run", "run"));
        var path = Path.Combine(Ready(await EnsureAsync(One, digest)), "bin/run");
        var written = File.GetLastWriteTimeUtc(path);
        Tamper(path, "RUN");
        File.SetLastWriteTimeUtc(path, written);

        Ready(await EnsureAsync(One, digest));

        Assert.Equal("run", File.ReadAllText(path));
    }

    [Fact]
    public async Task A_file_that_was_added_or_removed_is_found()
    {
        var digest = _master.Push("web@1.0.0", ("bin/run", "run"), ("etc/conf", "conf"));
        var directory = Ready(await EnsureAsync(One, digest));
        File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(directory, "extra"), "");
        Ready(await EnsureAsync(One, digest));
        Assert.False(File.Exists(Path.Combine(directory, "extra")));

        File.SetUnixFileMode(Path.Combine(directory, "etc"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Delete(Path.Combine(directory, "etc/conf"));
        Ready(await EnsureAsync(One, digest));
        Assert.True(File.Exists(Path.Combine(directory, "etc/conf")));
    }

    [Fact]
    public async Task A_touched_tree_whose_bytes_are_right_stays_where_it_is()
    {
        var digest = _master.Push("web@1.0.0", ("bin/run", "run"));
        var path = Path.Combine(Ready(await EnsureAsync(One, digest)), "bin/run");
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);

        Ready(await EnsureAsync(One, digest));

        Assert.Equal(1, _master.FilesAsked);
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(path));
    }

    [Fact]
    public async Task Bytes_that_differ_from_their_digest_are_never_laid_out()
    {
        var digest = _master.Push("web@1.0.0", ("bin/run", "run"));
        _master.Corrupt("run", "RUN");
        Assert.Equal(HoldReason.ReleaseCorrupt, Held(await EnsureAsync(One, digest)).Reason);

        _master.Corrupt("run", "run and more");
        Assert.Equal(HoldReason.ReleaseCorrupt, Held(await EnsureAsync(One, digest)).Reason);

        Assert.False(Directory.Exists(Path.Combine(_master.Directory["agent"], "releases", "web", "1.0.0")));
    }

    [Fact]
    public async Task A_manifest_other_than_the_assigned_one_is_not_believed()
    {
        _master.Push("web@1.0.0", ("bin/run", "run"));
        Assert.Equal(HoldReason.ReleaseCorrupt, Held(await EnsureAsync(One, Digest.Of("another"u8))).Reason);
        Assert.Equal(0, _master.FilesAsked);
    }

    [Fact]
    public async Task A_hostile_manifest_writes_nothing()
    {
        var digest = _master.PushRaw("web@1.0.0", new ReleaseFile("../../../escaped", 0, 3, _master.Keep("run")));
        var hold = Held(await EnsureAsync(One, digest));

        Assert.Equal(HoldReason.ReleaseCorrupt, hold.Reason);
        Assert.Contains("escaped", hold.Text, StringComparison.Ordinal);
        Assert.Equal(0, _master.FilesAsked);
    }

    [Fact]
    public async Task The_manifest_of_another_release_is_refused()
    {
        var digest = _master.Push("web@1.0.0", ("bin/run", "run"));
        _master.Before = async http =>
        {
            await Task.Yield();
            http.Request.Path = http.Request.Path.Value!.Replace("2.0.0", "1.0.0", StringComparison.Ordinal);
            return false;
        };
        Assert.Equal(HoldReason.ReleaseCorrupt, Held(await EnsureAsync(Two, digest)).Reason);
    }

    [Fact]
    public async Task A_master_that_is_away_or_lacks_it_is_a_hold_and_the_next_attempt_goes_on_from_there()
    {
        var digest = _master.Push("web@1.0.0", ("a", "a"), ("b", "b"), ("c", "c"));
        var last = $"/v1/artifacts/{Digest.Of("c"u8)}";
        _master.Before = async http =>
        {
            if (http.Request.Path != last)
            {
                return false;
            }

            // The others are staged by then: what fails takes fetches under way with it.
            var staging = Path.Combine(_master.Directory["agent"], "releases", ".staging", $"web@1.0.0-{digest.Short}", "tree");
            await Eventually.TrueAsync(() => File.Exists(Path.Combine(staging, "a"))
                && File.Exists(Path.Combine(staging, "b")), "staged");
            http.Abort();
            return true;
        };
        Assert.Equal(HoldReason.ReleaseUnavailable, Held(await EnsureAsync(One, digest)).Reason);
        var asked = _master.Asked.Count(p => p != last);

        _master.Before = _ => Task.FromResult(false);
        Ready(await EnsureAsync(One, digest));

        Assert.Equal(asked, _master.Asked.Count(p => p != last));
        Assert.Equal(HoldReason.ReleaseUnavailable, Held(await EnsureAsync(Two, digest)).Reason);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_breaks_is_said_to_have_broken_and_whose_it_was(bool began)
    {
        var digest = _master.Push("web@1.0.0", ("bin/run", "run"));
        _master.Before = async http =>
        {
            if (began)
            {
                http.Response.ContentLength = 1000;
                await http.Response.Body.WriteAsync("the first bytes"u8.ToArray());
                await http.Response.Body.FlushAsync();
            }

            http.Abort();
            return true;
        };

        var hold = Held(await EnsureAsync(One, digest));

        Assert.Equal(HoldReason.ReleaseUnavailable, hold.Reason);
        Assert.StartsWith(
            $"release web@1.0.0 cannot be laid out: {_master.Url.Authority} did not give it: ", hold.Text,
            StringComparison.Ordinal);
        Assert.DoesNotContain("An error occurred", hold.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Error while copying", hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callers_at_the_same_time_share_one_fetch_and_may_each_give_up_alone()
    {
        var digest = _master.Push("web@1.0.0", ("bin/run", "run"));
        var go = new TaskCompletionSource();
        _master.Before = async _ =>
        {
            await go.Task;
            return false;
        };
        using var giveUp = new CancellationTokenSource();
        var first = _master.Store.EnsureAsync(new ReleaseDemand(One, digest), giveUp.Token).AsTask();
        var others = Enumerable.Range(0, 10).Select(_ => EnsureAsync(One, digest).AsTask()).ToList();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        go.SetResult();

        Assert.All(await Task.WhenAll(others), o => Ready(o));
        Assert.Equal(2, _master.Asked.Count);
    }

    private ValueTask<ReleaseOutcome> EnsureAsync(ReleaseId release, Digest manifest) =>
        _master.Store.EnsureAsync(new ReleaseDemand(release, manifest), default);

    private static string Ready(ReleaseOutcome outcome)
    {
        Assert.True(outcome is ReleaseOutcome.Ready, (outcome as ReleaseOutcome.Held)?.Hold.Text);
        return ((ReleaseOutcome.Ready)outcome).Directory;
    }

    private static Hold Held(ReleaseOutcome outcome) => Assert.IsType<ReleaseOutcome.Held>(outcome).Hold;

    private static string ModeOf(string path) => Convert.ToString((int)File.GetUnixFileMode(path), 8);

    private static void Tamper(string path, string text)
    {
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
    }
}
