using System.Text;
using Zurg.Agent;
using Zurg.Agent.Logs;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Logs;

public sealed class LogReaderTests : IDisposable
{
    private readonly AgentPaths _paths = new(Directory.CreateTempSubdirectory("zurg-logs-").FullName);

    public LogReaderTests() => Directory.CreateDirectory(_paths.Logs);

    public void Dispose() => Directory.Delete(_paths.Directory, true);

    [Fact]
    public async Task Pieces_of_any_size_join_to_the_whole_text()
    {
        const string text = "añ€😀 and so on\n€€€";
        Append(Encoding.UTF8.GetBytes(text));
        for (var size = 4; size < 30; size++)
        {
            var whole = "";
            for (var offset = 0L; offset < Encoding.UTF8.GetByteCount(text);)
            {
                var chunk = await ReadAsync(offset, size);
                Assert.Equal(offset, chunk.Offset);
                Assert.True(chunk.Next > offset);
                (whole, offset) = (whole + chunk.Text, chunk.Next);
            }

            Assert.Equal(text, whole);
        }
    }

    [Fact]
    public async Task From_the_end_it_begins_with_a_whole_character()
    {
        Append("x€y"u8.ToArray());
        var chunk = await ReadAsync(-3, 100);
        Assert.Equal((4L, 5L, "y"), (chunk.Offset, chunk.Next, chunk.Text));
        Assert.Equal("x€y", (await ReadAsync(-100, 100)).Text);
    }

    [Fact]
    public async Task A_character_that_is_not_yet_whole_is_waited_for()
    {
        Append([(byte)'a', 0xE2, 0x82]);
        var first = await ReadAsync(0, 100);
        Assert.Equal(("a", 1L), (first.Text, first.Next));
        var rest = ReadAsync(first.Next, 100, TimeSpan.FromSeconds(20));
        Append([0xAC]);
        Assert.Equal("€", (await rest).Text);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_do_not_stop_the_reading()
    {
        Append([0xFF, 0x80, 0x80, 0x80, 0x80, (byte)'z']);
        var chunk = await ReadAsync(0, 100);
        Assert.EndsWith("z", chunk.Text, StringComparison.Ordinal);
        Assert.Equal(6, chunk.Next);
    }

    [Fact]
    public async Task Nothing_new_is_an_empty_piece_and_no_log_a_problem()
    {
        Assert.NotNull((await ReadAsync(0, 100)).Problem);
        Append("abc"u8.ToArray());
        var chunk = await ReadAsync(3, 100);
        Assert.Equal(("", 3L, null), (chunk.Text, chunk.Next, chunk.Problem));
        Assert.Equal(3, (await ReadAsync(1000, 100)).Next);
    }

    private void Append(byte[] bytes)
    {
        using var file = new FileStream(_paths.Log(AgentSamples.Web), FileMode.Append);
        file.Write(bytes);
    }

    private Task<LogChunk> ReadAsync(long offset, int bytes, TimeSpan wait = default) =>
        new LogReader(_paths, TimeProvider.System).ReadAsync(
            new LogRequest(1, AgentSamples.Web, offset, bytes, wait), CancellationToken.None).AsTask();
}
