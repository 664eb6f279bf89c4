using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;
using Zurg.Master.Store;
using Zurg.Tests.Loops.Store;

namespace Zurg.Tests.Master.Store;

/// <summary>kill -9 at random moments: what was acknowledged is there, and nothing is half there.</summary>
public sealed class SqliteKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 5;
    private const int KillAfterMillisecondsMax = 400;
    private static readonly TimeSpan FirstLineTime = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("zurg-kill-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task Every_acknowledged_commit_survives_kill_9()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var acknowledged = new List<Acknowledged>();
        for (var kill = 0; kill < Kills; kill++)
        {
            var before = acknowledged.Count;
            acknowledged.AddRange(await RunAndKillAsync(TimeSpan.FromMilliseconds(random.Next(KillAfterMillisecondsMax))));
            Assert.True(acknowledged.Count > before, "the victim did something before it died");
            await CheckAsync(acknowledged);
        }

        output.WriteLine($"{acknowledged.Count} commits acknowledged, none lost");
    }

    private async Task<List<Acknowledged>> RunAndKillAsync(TimeSpan killAfter)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(SqliteKillTests).Assembly.Location, "store", _root.FullName])
        {
            RedirectStandardOutput = true, UseShellExecute = false,
        };
        using var victim = Process.Start(start)!;
        try
        {
            var firstLine = await victim.StandardOutput.ReadLineAsync().WaitAsync(FirstLineTime);
            var lines = new List<Acknowledged> { Acknowledged.Parse(firstLine) };
            var reading = ReadToEndAsync(victim.StandardOutput, lines);
            await Task.Delay(killAfter);
            victim.Kill();
            await victim.WaitForExitAsync();
            await reading;
            return lines;
        }
        finally
        {
            victim.Kill();
        }
    }

    private static async Task ReadToEndAsync(StreamReader reader, List<Acknowledged> lines)
    {
        // The last line may be cut by the death of its writer.
        while (await reader.ReadLineAsync() is { } line && line.Split(' ') is [_, _, _])
        {
            lines.Add(Acknowledged.Parse(line));
        }
    }

    private async Task CheckAsync(List<Acknowledged> acknowledged)
    {
        await using var store = SqliteStateStore.Open(new SqliteStoreOptions(_root.FullName), NullLogger.Instance);
        var listed = await store.ListAsync();
        var entries = listed.Entries.ToDictionary(e => e.Key, StringComparer.Ordinal);
        Assert.True(listed.Revision.Value >= acknowledged.Max(a => a.Revision), "the revision went back");
        foreach (var newest in acknowledged.GroupBy(a => a.Key).Select(g => g.MaxBy(a => a.Revision)!))
        {
            var entry = entries[newest.Key];
            Assert.True(entry.Modified.Value >= newest.Revision, $"{newest} is lost: {entry.Modified}");
            if (entry.Modified.Value == newest.Revision)
            {
                Assert.Equal(newest.Value, entry.Text());
            }
        }

        // Both writes of a commit carry its revision: a commit that is half there would differ.
        foreach (var last in listed.Entries.Where(e => e.Key.StartsWith("last/", StringComparison.Ordinal)))
        {
            Assert.Contains(listed.Entries, e => e.Key.StartsWith("w" + last.Key[4..] + "/", StringComparison.Ordinal)
                && e.Modified == last.Modified && e.Text() == last.Text());
        }
    }

    private sealed record Acknowledged(long Revision, string Key, string Value)
    {
        public static Acknowledged Parse(string? line) =>
            line?.Split(' ') is [var revision, var key, var value]
                ? new Acknowledged(long.Parse(revision, CultureInfo.InvariantCulture), key, value)
                : throw new FormatException($"the victim said '{line}'");
    }
}
