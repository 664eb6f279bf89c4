using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Templates;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Templates;

public sealed class ConfigHistoryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("zurg-configs-").FullName;
    private ConfigHistory _history;

    public ConfigHistoryTests() => _history = Reopened();

    public void Dispose()
    {
        _history.Dispose();
        Directory.Delete(_directory, true);
    }

    [Fact]
    public void The_oldest_versions_of_a_file_go_first_and_numbers_never_come_again()
    {
        for (var i = 1; i <= ConfigHistory.PerFileMax + 5; i++)
        {
            _history.Keep(AgentSamples.Web, "a", $"text {i}", "why", byHand: false);
        }

        Again();
        var versions = _history.Answer(new ConfigRequest(7, AgentSamples.Web)).Versions;
        Assert.Equal((ConfigHistory.PerFileMax, 105, 6), (versions.Length, versions[0].Number, versions[^1].Number));
        Assert.Equal(106, _history.Keep(AgentSamples.Web, "a", "text 1", "why", byHand: false));
        Assert.NotNull(_history.Answer(new ConfigRequest(7, AgentSamples.Web, 5)).Problem);
    }

    [Fact]
    public void Edits_by_hand_push_out_no_text_that_is_in_its_file()
    {
        _history.Keep(AgentSamples.Web, "a", "generated", "why", byHand: false);
        for (var i = 0; i < ConfigHistory.PerFileMax + 5; i++)
        {
            _history.Keep(AgentSamples.Web, "a", $"by hand {i}", "why", byHand: true);
        }

        Again();
        Assert.Equal(1, _history.Newest(AgentSamples.Web, "a")?.Number);
    }

    [Fact]
    public void Texts_are_bounded_in_all_and_the_newest_of_each_file_stays()
    {
        var prng = new Random(1);
        var other = InstanceId.Parse("other.0");
        _history.Keep(other, "a", "small", "why", byHand: false);

        // What does not compress: 80 texts of a MiB.
        for (var i = 0; i < 80; i++)
        {
            _history.Keep(AgentSamples.Web, "a", Convert.ToBase64String(Bytes(prng, 768 * 1024)), "why", byHand: false);
        }

        Again();
        var kept = _history.Answer(new ConfigRequest(1, AgentSamples.Web)).Versions;
        Assert.InRange(kept.Length, 1, 79);
        Assert.Equal(81, kept[0].Number);
        Assert.Equal(1, _history.Newest(other, "a")?.Number);
        var size = new FileInfo(Path.Combine(_directory, ConfigHistory.FileName)).Length;
        Assert.InRange(size, 1, 2 * ConfigHistory.BytesMax);
    }

    [Fact]
    public void A_long_text_comes_in_pieces_that_cut_no_character()
    {
        var text = "x" + string.Concat(Enumerable.Repeat("😀", ConfigAnswer.PieceMax));
        _history.Keep(AgentSamples.Web, "a", text, "why", byHand: false);
        var read = "";
        for (int? next = 0; next is { } offset;)
        {
            var answer = _history.Answer(new ConfigRequest(1, AgentSamples.Web, 1, offset));
            Assert.False(char.IsHighSurrogate(answer.Text![^1]));
            (read, next) = (read + answer.Text, answer.Next);
        }

        Assert.Equal(text, read);
    }

    [Fact]
    public void A_damaged_file_is_put_aside_and_a_new_one_begun()
    {
        _history.Keep(AgentSamples.Web, "a", "text", "why", byHand: false);
        _history.Dispose();
        var path = Path.Combine(_directory, ConfigHistory.FileName);
        File.WriteAllText(path, "this is no database, and it is long enough to be taken for one by nobody at all");
        _history = Reopened();
        Assert.Equal(1, _history.Keep(AgentSamples.Web, "a", "text", "why", byHand: false));
        Assert.True(File.Exists(path + ".damaged"));
    }

    [Fact]
    public void Only_the_agents_user_can_read_it()
    {
        _history.Keep(AgentSamples.Web, "a", "password", "why", byHand: false);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(_directory, ConfigHistory.FileName)));
    }

    private static byte[] Bytes(Random prng, int count)
    {
        var bytes = new byte[count];
        prng.NextBytes(bytes);
        return bytes;
    }

    private void Again()
    {
        _history.Dispose();
        _history = Reopened();
    }

    private ConfigHistory Reopened() => new(_directory, TimeProvider.System, NullLogger.Instance);
}
