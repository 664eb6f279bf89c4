using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class WordsTests
{
    [Theory]
    [InlineData("instnces", "instances")]
    [InlineData("isntances", "instances")]
    [InlineData("Ports", "ports")]
    [InlineData("prot", "port")]
    [InlineData("depends-on", "depends_on")]
    [InlineData("xyz", null)]
    [InlineData("", null)]
    public void The_nearest_word_is_found_when_it_is_near(string text, string? expected) =>
        Assert.Equal(expected, Words.Nearest(text, ["instances", "port", "ports", "depends_on"]));

    [Fact]
    public void A_long_or_strange_name_is_shown_short_on_one_line()
    {
        Assert.Equal(62, Words.Quote(new string('x', 1_000_000)).Length);
        Assert.Equal("'a?b'", Words.Quote("a\nb"));
        Assert.Null(Words.Nearest(new string('x', 1_000_000), ["x"]));
    }
}
