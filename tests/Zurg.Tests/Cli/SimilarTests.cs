using Zurg.Cli;

namespace Zurg.Tests.Cli;

public sealed class SimilarTests
{
    [Theory]
    [InlineData("instnaces", "instances")]
    [InlineData("stauts", "status")]
    [InlineData("lgos", "logs")]
    [InlineData("completely-else", null)]
    [InlineData("x", null)]
    public void The_nearest_known_word_is_meant(string typed, string? meant) =>
        Assert.Equal(meant, Similar.To(typed, ["instances", "status", "logs", "history"]));

    [Fact]
    public void Swapped_neighbours_are_one_edit() => Assert.Equal(1, Similar.Distance("ab", "ba"));
}
