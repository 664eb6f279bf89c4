using Zurg.Core;

namespace Zurg.Tests.Core.Logs;

public sealed class LogPaceTests
{
    /// <summary>A quarter of the segment is 256 KiB.</summary>
    private static readonly LogBound Bound = new(8 << 20, TimeSpan.FromDays(1));

    [Theory]
    [InlineData(0, 200, 200)]
    [InlineData(-5, 200, 200)]
    [InlineData(100, 200, 200)]
    [InlineData(512 * 1024, 200, 100)]
    [InlineData(512 * 1024, 50, 25)]
    [InlineData(512 << 20, 200, 10)]
    [InlineData(100, 0, 200)]
    public void The_faster_it_grows_the_sooner_it_is_looked_at_again(long grown, int since, int next) => Assert.Equal(
        TimeSpan.FromMilliseconds(next), LogPace.Next(grown, TimeSpan.FromMilliseconds(since), Bound));
}
