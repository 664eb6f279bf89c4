using Zurg.Core;

namespace Zurg.Tests.Core.Verdicts;

public sealed class VerdictRoundsTests
{
    private static readonly VerdictPolicy Policy = VerdictPolicy.Usual with { Within = TimeSpan.FromSeconds(100) };

    [Theory]
    [InlineData(0, 0)]
    [InlineData(199, 0)]
    [InlineData(200, 1)]
    [InlineData(299, 1)]
    [InlineData(300, 2)]
    [InlineData(10_000, 99)]
    public void The_first_round_is_twice_as_long(long second, int round)
    {
        Assert.Equal(round, VerdictRounds.Of(Policy, second));
        Assert.InRange(second, VerdictRounds.StartOf(Policy, round), VerdictRounds.StartOf(Policy, round + 1) - 1);
    }

    [Fact]
    public void All_later_rounds_together_mislead_no_oftener_than_one()
    {
        var chance = Enumerable.Range(1, 100_000).Sum(r => Math.Exp(-VerdictRounds.ToHalt(Policy, r)));

        Assert.InRange(chance, 0.99 * Policy.FalseHalt, Policy.FalseHalt);
        Assert.Equal(Math.Log(1000), VerdictRounds.ToHalt(Policy, 0), 9);
        Assert.Equal(Math.Log(100), VerdictRounds.ToPass(Policy), 9);
    }

    [Fact]
    public void A_policy_without_time_still_has_rounds() =>
        Assert.Equal(4, VerdictRounds.Of(Policy with { Within = TimeSpan.Zero }, 5));
}
