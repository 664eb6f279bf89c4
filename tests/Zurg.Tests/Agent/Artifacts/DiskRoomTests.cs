using System.Globalization;
using Zurg.Agent.Artifacts;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Artifacts;

public sealed class DiskRoomTests : IAsyncLifetime
{
    private const int MiB = 1024 * 1024;
    private static readonly ReleaseId One = ReleaseId.Parse("web@1");
    private readonly FakeReleases _master = FakeReleases.Start();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [SmallDiskFact]
    public async Task A_release_that_does_not_fit_says_how_many_bytes_and_goes_on_when_there_is_room()
    {
        using var disk = new SmallDisk(20);
        disk.Fill("logs", 12 * MiB);
        var demand = Demand(8 * MiB);
        await using var store = _master.NewStore(agent: disk["agent"]);

        var hold = await HeldAsync(store, demand);
        Assert.Equal(HoldReason.DiskFull, hold.Reason);
        Assert.Contains((8 * MiB).ToString(CultureInfo.InvariantCulture) + " bytes more", hold.Text, StringComparison.Ordinal);
        Assert.Contains(disk["agent"], hold.Text, StringComparison.Ordinal);

        // What it tells a person to do is enough, and needed.
        var lacking = long.Parse(hold.Mend!.Split(' ').First(w => long.TryParse(w, out _)), CultureInfo.InvariantCulture);
        Assert.InRange(lacking, 1, 3 * MiB);
        Assert.Equal(0, _master.FilesAsked);
        disk.Fill("logs", 12 * MiB - lacking - 64 * 1024);
        Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(demand, default));
    }

    [SmallDiskFact]
    public async Task A_disk_that_fills_up_during_a_fetch_is_a_hold_with_nothing_laid_out_and_its_bytes_given_back()
    {
        using var disk = new SmallDisk(20);
        var demand = Demand(8 * MiB);
        var free = 0L;
        _master.Before = http =>
        {
            if (http.Request.Path.Value!.Contains("/artifacts/", StringComparison.Ordinal))
            {
                free = disk.Free;
                disk.Fill("logs", disk.Free - 2 * MiB);
            }

            return Task.FromResult(false);
        };
        await using var store = _master.NewStore(agent: disk["agent"]);

        Assert.Equal(HoldReason.DiskFull, (await HeldAsync(store, demand)).Reason);

        Assert.False(Directory.Exists(Path.Combine(disk["agent"], "releases", "web", "1")));
        Assert.True(disk.Free >= 2 * MiB, $"{disk.Free} bytes are free");
        Assert.True(free > 15 * MiB);

        _master.Before = _ => Task.FromResult(false);
        File.Delete(disk["logs"]);
        Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(demand, default));
    }

    [SmallDiskFact]
    public async Task What_an_interrupted_attempt_brought_is_not_asked_room_for_again()
    {
        using var disk = new SmallDisk(20);
        var demand = Demand(8 * MiB);
        _master.Before = async http =>
        {
            if (http.Request.Path.Value!.Contains("/artifacts/", StringComparison.Ordinal))
            {
                await http.Response.Body.WriteAsync(new byte[6 * MiB]);
                await http.Response.Body.FlushAsync();
                await Eventually.TrueAsync(() => disk.Free < 14.5 * MiB, "6 MiB are there");
                http.Abort();
                return true;
            }

            return false;
        };
        await using var store = _master.NewStore(agent: disk["agent"]);
        Assert.Equal(HoldReason.ReleaseUnavailable, (await HeldAsync(store, demand)).Reason);
        disk.Fill("logs", disk.Free - 6 * MiB);
        _master.Before = _ => Task.FromResult(false);

        Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(demand, default));
    }

    private ReleaseDemand Demand(int bytes) => new(One, _master.Push("web@1", ("big", new string('\0', bytes))));

    private static async Task<Hold> HeldAsync(ReleaseStore store, ReleaseDemand demand) =>
        Assert.IsType<ReleaseOutcome.Held>(await store.EnsureAsync(demand, default)).Hold;
}
