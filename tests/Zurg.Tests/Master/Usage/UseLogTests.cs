using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Core;
using Zurg.Master.Usage;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Master.Usage;

public sealed class UseLogTests : IDisposable
{
    private static readonly ServiceName Web = new("web");
    // Where the manual clock begins.
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly HostId Host1 = new("host1");

    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTime _time = new();

    public UseLogTests() => _time.Advance(TimeSpan.FromHours(1));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_is_told_is_durable_before_the_host_hears_that_it_is()
    {
        await using (var log = Open())
        {
            await KeepAsync(log, 7, Sighting("curl", 0, 1));
            // Another connection reads it: what a master finds that comes after a kill.
            await using var other = Open();
            var kept = Assert.Single(other.Read(Web).Sightings);
            Assert.Equal((Host1, "curl", _time.GetUtcNow()), (kept.Host, kept.Sighting.Command, kept.Heard));
            Assert.Equal(new HostWatch(Host1, Noon.AddHours(-1)), Assert.Single(other.Read(Web).Watches));
        }

        await using var next = Open();
        Assert.Empty(next.Read(new ServiceName("other")).Sightings);
        await KeepAsync(next, 1, Sighting("curl", 5, 6), Sighting("wget", 5, 6));
        var all = next.Read(Web).Sightings;
        Assert.Equal(["curl", "wget"], all.Select(k => k.Sighting.Command));
        Assert.Equal((Noon, Noon.AddMinutes(6)), (all[0].Sighting.First, all[0].Sighting.Last));
    }

    [Fact]
    public async Task A_clock_that_is_ahead_keeps_nobody_for_longer()
    {
        await using var log = Open();
        await KeepAsync(log, 1, Sighting("curl", 0, 60 * 24 * 400));
        Assert.Equal(_time.GetUtcNow(), Assert.Single(log.Read(Web).Sightings).Sighting.Last);
    }

    [Fact]
    public async Task After_31_days_a_line_goes()
    {
        await using var log = Open();
        await KeepAsync(log, 1, Sighting("old", 0, 1));
        _time.Advance(UseBook.KeptFor + TimeSpan.FromMinutes(1));
        await KeepAsync(log, 2, Sighting("new", 0, 1));
        Assert.Equal("new", Assert.Single(log.Read(Web).Sightings).Sighting.Command);
    }

    [Fact]
    public async Task A_host_that_makes_up_clients_fills_no_disk()
    {
        await using var log = Open();
        var number = 0L;
        for (var i = 0; i <= UseTable.LinesOfHostMax; i += HostUses.SightingsMax)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            var some = Enumerable.Range(i, HostUses.SightingsMax).Select(c => Sighting($"c{c:00000}", 0, 1));
            await KeepAsync(log, ++number, [.. some]);
        }

        var left = log.Read(Web).Sightings;
        Assert.Equal(UseTable.LinesOfHostMax, left.Length);
        Assert.DoesNotContain("c00000", left.Select(k => k.Sighting.Command));
    }

    [Fact]
    public async Task What_cannot_be_written_is_not_said_to_be_kept_and_is_tried_again()
    {
        await using var log = Open();
        using var blocker = new SqliteConnection($"Data Source={_directory["uses.db"]};Pooling=False");
        blocker.Open();
        using var command = blocker.CreateCommand();
        command.CommandText = "alter table watches rename to hidden";
        command.ExecuteNonQuery();
        var kept = new TaskCompletionSource<long>();
        log.Take(Host1, Word(3, Sighting("curl", 0, 1)), n => kept.TrySetResult(n));
        await Eventually.TrueAsync(() => _time.Armed > 0, "it waits to try again");
        Assert.False(kept.Task.IsCompleted);
        command.CommandText = "alter table hidden rename to watches";
        command.ExecuteNonQuery();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, await kept.Task.WaitAsync(Eventually.Deadline));
    }

    private UseLog Open() => UseLog.Open(_directory["uses.db"], _time, NullLogger.Instance);

    private static Task<long> KeepAsync(UseLog log, long number, params UseSighting[] sightings)
    {
        var kept = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        log.Take(Host1, Word(number, sightings), n => kept.TrySetResult(n));
        return kept.Task.WaitAsync(Eventually.Deadline);
    }

    private static HostUses Word(long number, params UseSighting[] sightings) =>
        new() { Number = number, Since = Noon.AddHours(-1), Sightings = [.. sightings] };

    private static UseSighting Sighting(string command, int firstMinute, int lastMinute) => new()
    {
        Service = Web, Evidence = UseEvidence.Asked, Command = command, Open = false,
        First = Noon.AddMinutes(firstMinute), Last = Noon.AddMinutes(lastMinute),
    };
}
