using FsCheck;
using FsCheck.Fluent;
using Zurg.Agent.Logs;

namespace Zurg.Tests.Agent.Logs;

public sealed class SegmentWriterTests
{
    [Fact]
    public void Whenever_the_agent_is_killed_or_the_power_goes_no_byte_is_lost_or_doubled() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(20), Prop.ForAll<int>(LivesAndDies));

    [Fact]
    public async Task Segments_that_were_removed_by_hand_are_begun_anew()
    {
        using var bench = new LogBench();
        bench.Append("one\n");
        bench.Step();
        Directory.Delete(bench.Segments.Path, recursive: true);
        bench.Append("two\n");
        bench.Step();
        Assert.Equal("two\n", File.ReadAllText(Assert.Single(bench.Segments.List()).Text));
        Assert.Equal("two\n", await bench.ReadAllAsync());
    }

    [Fact]
    public async Task After_a_power_cut_that_took_the_end_of_the_log_nothing_is_moved_twice()
    {
        using var bench = new LogBench();
        bench.Append("one\ntwo\nthree\n");
        bench.Step();
        using (var log = File.OpenHandle(bench.Log, FileMode.Open, FileAccess.Write))
        {
            RandomAccess.SetLength(log, 8);
        }

        bench.Restart();
        bench.Step();
        bench.Append("four\n");
        bench.Step();
        Assert.Equal("one\ntwo\nthree\nfour\n", await bench.ReadAllAsync());
    }

    [Fact]
    public void Quiet_logs_cost_no_fsync_and_busy_ones_one_for_half_a_segment()
    {
        var flushed = new Dictionary<string, long>();
        using var bench = new LogBench { Disk = new DyingDisk(1000, flushed, new Random(1)) };
        bench.Restart();
        for (var i = 0; i < 100; i++)
        {
            bench.Append("a line now and then\n");
            bench.Step();
        }

        Assert.Empty(flushed);
        bench.Append(LogBench.Lines(0, 1_000));
        bench.Step();
        Assert.Single(flushed);
    }

    private static bool LivesAndDies(int seed)
    {
        var random = new Random(seed);
        var flushed = new Dictionary<string, long>();
        using var bench = new LogBench();
        var written = new MemoryStream();
        while (written.Length < LogBench.Small.Bytes * 3 / 4)
        {
            var disk = new DyingDisk(random.Next(25), flushed, random);
            bench.Disk = disk;
            bench.Restart();
            try
            {
                for (var pieces = random.Next(1, 30); pieces > 0; pieces--)
                {
                    var piece = Piece(random);
                    bench.Append(piece);
                    written.Write(piece);
                    bench.Step();
                }
            }
            catch (DiedException) when (random.Next(2) == 0)
            {
                disk.LosePower(bench.Segments);
            }
            catch (DiedException)
            {
                // Killed: what it wrote is there.
            }
        }

        bench.Disk = LogDisk.Instance;
        bench.Restart();
        bench.Append("\n");
        written.WriteByte((byte)'\n');
        bench.Step();
        var moved = bench.Segments.List().SelectMany(s => File.ReadAllBytes(s.Text)).ToArray();
        return written.ToArray().AsSpan().SequenceEqual(moved);
    }

    /// <summary>Lines and parts of lines, now and then one longer than what is moved at once; any bytes.</summary>
    private static byte[] Piece(Random random)
    {
        var bytes = new byte[random.Next(1, random.Next(10) == 0 ? 40_000 : 4_000)];
        random.NextBytes(bytes);
        if (random.Next(4) > 0)
        {
            bytes[^1] = (byte)'\n';
        }

        if (bytes.Length > 20_000)
        {
            bytes.AsSpan(0, bytes.Length - 1).Replace((byte)'\n', (byte)0);
        }

        return bytes;
    }
}
