using Zurg.Core;

namespace Zurg.Tests.Core;

public sealed class PrngTests
{
    /// <summary>splitmix64's published first outputs for seed 1234567 (its reference test vector).</summary>
    [Fact]
    public void The_numbers_are_those_of_splitmix64()
    {
        var prng = new Prng(1234567);

        Assert.Equal(
            [6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL],
            [prng.NextUInt64(), prng.NextUInt64(), prng.NextUInt64()]);
    }

    [Fact]
    public void Numbers_stay_below_their_bound()
    {
        var prng = new Prng(1);
        for (var i = 0; i < 1000; i++)
        {
            Assert.InRange(prng.Next(7), 0, 6);
            Assert.InRange(prng.NextDouble(), 0, 0.9999999999999999);
        }
    }
}
