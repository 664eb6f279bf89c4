using Zurg.Cli;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

public sealed class LogLinesTests
{
    private static readonly InstanceId Web0 = InstanceId.Parse("web.0");
    private static readonly InstanceId Web1 = InstanceId.Parse("web.1");
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Lines_are_put_together_over_pieces_each_with_the_time_of_its_end()
    {
        var lines = new LogLines(Web0);
        var first = lines.Take(Chunk(0, "añ€\nb", (0, 0), (7, 1)));
        Assert.Equal([("añ€", Noon)], first.Select(l => (l.Text, l.At!.Value)));
        Assert.Equal(("b", 8L, 0L), (lines.Unfinished!.Text, lines.Next, lines.From));
        var next = lines.Take(Chunk(8, "b\nc\n", (7, 1), (10, 5)));
        Assert.Equal([("bb", Noon.AddSeconds(1)), ("c", Noon.AddSeconds(5))], next.Select(l => (l.Text, l.At!.Value)));
        Assert.Null(lines.Unfinished);
    }

    [Fact]
    public void A_clock_that_was_set_back_reorders_nothing_and_an_older_agent_tells_no_times()
    {
        var lines = new LogLines(Web0);
        var back = lines.Take(Chunk(0, "a\nb\n", (0, 9), (2, 1)));
        Assert.Equal([Noon.AddSeconds(9), Noon.AddSeconds(9)], back.Select(l => l.At!.Value));
        Assert.Null(new LogLines(Web0).Take(Chunk(0, "a\n"))[0].At);
    }

    [Fact]
    public void Lines_of_several_instances_are_shown_in_the_order_of_their_times()
    {
        var screens = new Screens();
        new LogView(screens.Pipe, prefixed: true, json: false).WriteMerged(
        [
            (Web0, TailOf(Web0, Chunk(0, "a\nd\n", (0, 1), (2, 4)))),
            (Web1, TailOf(Web1, Chunk(0, "b\nc\n", (0, 2), (2, 3)))),
        ]);
        Assert.Equal("web.0 | a\nweb.1 | b\nweb.1 | c\nweb.0 | d\n", screens.Output.ToString());
    }

    [Theory]
    [InlineData("10m", "2026-01-01T11:50:00Z")]
    [InlineData("2025-12-31T23:00Z", "2025-12-31T23:00:00Z")]
    public void Since_is_how_long_ago_or_a_time(string text, string time) => Assert.Equal(
        DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture), LogQuery.ParseSince(text, Noon));

    [Fact]
    public void Since_anything_else_is_bad_usage()
    {
        var e = Assert.Throws<VerbFailedException>(() => LogQuery.ParseSince("yesterday-ish", Noon));
        Assert.Equal(ExitCode.BadUsage, e.ExitCode);
        Assert.Null(LogQuery.ParseSince(null, Noon));
    }

    private static LogTail TailOf(InstanceId instance, LogChunk chunk)
    {
        var lines = new LogLines(instance);
        return new LogTail(lines.Take(chunk), null, lines);
    }

    private static LogChunk Chunk(long offset, string text, params (long Offset, int Seconds)[] times) =>
        new(1, offset, offset + System.Text.Encoding.UTF8.GetByteCount(text), text)
        {
            Times = [.. times.Select(t => new LogTime(t.Offset, Noon.AddSeconds(t.Seconds)))],
        };
}
