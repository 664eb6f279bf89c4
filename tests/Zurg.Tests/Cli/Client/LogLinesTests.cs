using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

public sealed class LogLinesTests
{
    private static readonly InstanceId Web0 = InstanceId.Parse("web.0");
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
    public void After_a_move_the_next_piece_is_of_another_file()
    {
        var lines = new LogLines(Web0);
        lines.Take(Chunk(0, "a\nhal", (0, 1)));
        lines.GoOn();
        Assert.Equal((0L, Noon.AddSeconds(1)), (lines.Next, lines.Last));
        Assert.Equal("b", Assert.Single(lines.Take(Chunk(0, "b\n", (0, 2)))).Text);
    }

    private static LogChunk Chunk(long offset, string text, params (long Offset, int Seconds)[] times) =>
        new(1, offset, offset + System.Text.Encoding.UTF8.GetByteCount(text), text)
        {
            Times = [.. times.Select(t => new LogTime(t.Offset, Noon.AddSeconds(t.Seconds)))],
        };
}
