using Zurg.Agent.Logs;
using Zurg.Core;

namespace Zurg.Tests.Agent.Logs;

public sealed class LogMoverTests : IDisposable
{
    private readonly LogBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Whole_lines_are_moved_and_the_beginning_of_one_is_waited_for()
    {
        _bench.Append("one\ntwo\nthr");
        Assert.Equal(11, _bench.Step());
        Assert.Equal("one\ntwo\n", File.ReadAllText(Assert.Single(_bench.Segments.List()).Text));
        Assert.Equal("one\ntwo\nthr", await _bench.ReadAllAsync());
        _bench.Append("ee\n");
        Assert.Equal(3, _bench.Step());
        Assert.Equal("one\ntwo\nthree\n", File.ReadAllText(Assert.Single(_bench.Segments.List()).Text));
        Assert.Equal(0, _bench.Step());
    }

    [Fact]
    public async Task Segments_end_at_lines_and_what_is_in_them_is_a_hole_in_the_log()
    {
        var text = LogBench.Lines(0, 8_000);
        _bench.Append(text);
        _bench.Step();
        Assert.Equal(text, await _bench.ReadAllAsync());
        var segments = _bench.Segments.List();
        Assert.InRange(segments.Length, 4, 8);
        Assert.All(segments, s => Assert.EndsWith("\n", File.ReadAllText(s.Text), StringComparison.Ordinal));
        Assert.Equal(text, string.Concat(segments.Select(s => File.ReadAllText(s.Text))));
        Assert.Equal(text.Length, new FileInfo(_bench.Log).Length);
        Assert.InRange(File.ReadAllBytes(_bench.Log).LastIndexOf((byte)0), segments[^1].Start - 1, text.Length);
    }

    [Fact]
    public async Task What_may_not_be_kept_goes_from_the_oldest_on_and_the_disk_stays_bounded()
    {
        for (var i = 0; i < 60; i++)
        {
            _bench.Append(LogBench.Lines(i * 1000, 1000));
            _bench.Step();
            Assert.True(_bench.Segments.List().Sum(s => s.End - s.Start) <= LogBench.Small.Bytes);
        }

        var kept = await _bench.ReadAllAsync();
        Assert.StartsWith("line ", kept, StringComparison.Ordinal);
        Assert.EndsWith(LogBench.Lines(50_000, 10_000), kept, StringComparison.Ordinal);
        Assert.True((await _bench.ReadAsync(0, 100)).Offset > 0);
    }

    [Fact]
    public async Task Of_what_came_while_no_agent_was_there_the_newest_is_kept()
    {
        _bench.Append(LogBench.Lines(0, 100));
        _bench.Step();
        _bench.Append(LogBench.Lines(100, 100_000));
        _bench.Restart();
        _bench.Step();
        Assert.True(_bench.Mover.BytesGivenUp > 0);
        var kept = await _bench.ReadAllAsync((await _bench.ReadAsync(-100_000, 10)).Offset);
        Assert.EndsWith(LogBench.Lines(99_000, 1_100), kept, StringComparison.Ordinal);
        Assert.True(_bench.Segments.List().Sum(s => s.End - s.Start) <= LogBench.Small.Bytes);
    }

    [Fact]
    public async Task The_next_agent_goes_on_where_the_last_one_was()
    {
        var text = LogBench.Lines(0, 5_000);
        for (var at = 0; at < text.Length; at += 9_999)
        {
            _bench.Append(text[at..Math.Min(text.Length, at + 9_999)]);
            _bench.Step();
            _bench.Restart();
        }

        _bench.Step();
        Assert.Equal(text, await _bench.ReadAllAsync());
        Assert.Equal(text, string.Concat(_bench.Segments.List().Select(s => File.ReadAllText(s.Text))));
    }

    [Fact]
    public async Task Old_lines_go_and_their_place_is_never_used_again()
    {
        _bench.Append("old\n");
        _bench.Step();
        _bench.Append("new\n");
        _bench.Step(TimeSpan.FromHours(4));
        Assert.Equal(2, _bench.Segments.List().Length);
        _bench.Step(TimeSpan.FromHours(9));
        Assert.Equal("new\n", await _bench.ReadAllAsync());
        _bench.Step(TimeSpan.FromHours(13));
        Assert.Equal("", await _bench.ReadAllAsync());
        Assert.True(_bench.Mover.IsSpent(LogBench.Small, LogBench.Noon));
        _bench.Restart();
        _bench.Append("next\n");
        _bench.Step(TimeSpan.FromHours(13));
        Assert.Equal((8, "next\n"), ((await _bench.ReadAsync(0, 100)).Offset, await _bench.ReadAllAsync()));
    }

    [Fact]
    public async Task A_line_longer_than_anything_and_bytes_that_are_no_text_come_through()
    {
        var line = new byte[3 << 20];
        new Random(7).NextBytes(line);
        line.AsSpan().Replace((byte)'\n', (byte)'x');
        var bound = new LogBound(32 << 20, TimeSpan.FromDays(1));
        _bench.Append("first\n");
        _bench.Append(line);
        _bench.Step(bound: bound);
        _bench.Append("\nlast");
        _bench.Step(bound: bound);
        Assert.Equal([.. "first\n"u8, .. line, .. "\n"u8], _bench.Segments.List().SelectMany(s => File.ReadAllBytes(s.Text)));
        Assert.EndsWith("\nlast", await _bench.ReadAllAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_somebody_emptied_or_removed_goes_on_and_loses_nothing_that_was_moved()
    {
        _bench.Append("one\n");
        _bench.Step();
        File.WriteAllText(_bench.Log, "");
        _bench.Step();
        _bench.Append("two\n");
        _bench.Step();
        File.WriteAllText(_bench.Log, "");
        _bench.Append("2.5\n");
        _bench.Step();
        _bench.Append("three\n");
        _bench.Step();
        Assert.Equal("one\ntwo\n2.5\nthree\n", await _bench.ReadAllAsync());
        File.Delete(_bench.Log);
        Assert.True(_bench.Mover.IsUnlinked);
        Assert.Equal("one\ntwo\n2.5\nthree\n", await _bench.ReadAllAsync());
        LogFile.Close(LogFile.Open(_bench.Log));
        _bench.Restart();
        _bench.Append("four\n");
        _bench.Step();
        Assert.Equal("one\ntwo\n2.5\nthree\nfour\n", await _bench.ReadAllAsync());
    }

    [Fact]
    public async Task The_last_line_of_one_process_does_not_run_into_the_first_of_the_next()
    {
        _bench.Append("the end");
        LogFile.Close(LogFile.Open(_bench.Log));
        LogFile.Close(LogFile.Open(_bench.Log));
        _bench.Append("hello\n");
        Assert.Equal("the end\nhello\n", await _bench.ReadAllAsync());
    }

    [Fact]
    public async Task Where_no_hole_can_be_made_segments_are_bounded_and_read_all_the_same_and_the_log_grows()
    {
        _bench.Disk = new DyingDisk(int.MaxValue, [], new Random(1)) { CanPunch = false };
        _bench.Restart();
        for (var i = 0; i < 30; i++)
        {
            _bench.Append(LogBench.Lines(i * 1000, 1000));
            _bench.Step();
        }

        Assert.True(_bench.Mover.CannotPunch);
        Assert.Equal(0, _bench.Mover.BytesGivenUp);
        Assert.True(_bench.Segments.List().Sum(s => s.End - s.Start) <= LogBench.Small.Bytes);
        Assert.EndsWith(LogBench.Lines(25_000, 5_000), await _bench.ReadAllAsync(), StringComparison.Ordinal);
        Assert.Equal(LogBench.Lines(0, 30_000), File.ReadAllText(_bench.Log));
    }

    [Fact]
    public async Task Times_are_those_of_the_reading_and_say_where_a_time_begins()
    {
        _bench.Append("old\n");
        _bench.Step();
        _bench.Append("new\nand ");
        _bench.Step(TimeSpan.FromMinutes(10));
        var all = await _bench.ReadAsync(0, 100);
        Assert.Equal("old\nnew\nand ", all.Text);
        var later = LogBench.Noon + TimeSpan.FromMinutes(10);
        Assert.Equal([(0L, LogBench.Noon), (4L, later)], all.Times.Take(2).Select(t => (t.Offset, t.At)));
        Assert.Equal((3, 8L), (all.Times.Length, all.Times[2].Offset));
        Assert.Equal("new\nand ", (await _bench.ReadAsync(0, 100, since: LogBench.Noon + TimeSpan.FromMinutes(1))).Text);
        Assert.Equal("and ", (await _bench.ReadAsync(0, 100, since: LogBench.Noon + TimeSpan.FromMinutes(11))).Text);
        Assert.Equal("old\nnew\nand ", (await _bench.ReadAsync(0, 100, since: LogBench.Noon)).Text);
        Assert.Equal("and ", (await _bench.ReadAsync(-4, 100, since: LogBench.Noon)).Text);
    }
}
