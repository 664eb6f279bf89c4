using Zurg.Core;

namespace Zurg.Tests.Core.Relaying;

public sealed class RelayChoiceTests
{
    /// <summary>Each endpoint as CONNECTIONS with s (suspect), a (avoided) and t (tried); what may be picked, by index.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("3t", "")]
    [InlineData("9", "0")]
    [InlineData("5 2", "1")]
    [InlineData("2 2", "0 1")]
    [InlineData("5 0s", "0")]
    [InlineData("5t 0s", "1")]
    [InlineData("5 0a", "0")]
    [InlineData("5a 0s", "0")]
    [InlineData("5a 0a 0s", "1")]
    [InlineData("1sa 9s", "1")]
    [InlineData("7 9 8", "0 2")]
    public void Ready_comes_before_suspect_and_the_less_loaded_of_two_is_taken(string endpoints, string expected)
    {
        var candidates = endpoints.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(e => new RelayCandidate(
            e.Contains('s', StringComparison.Ordinal), e.Contains('a', StringComparison.Ordinal),
            e.Contains('t', StringComparison.Ordinal), e[0] - '0')).ToArray();
        var prng = new Prng(1);
        var picked = Enumerable.Range(0, 200).Select(_ => RelayChoice.Pick(candidates, n => prng.Next(n))).Distinct().Order();
        Assert.Equal(expected, string.Join(' ', picked));
    }
}
