using Zurg.Core;

namespace Zurg.Tests.Core.Verdicts;

public sealed class SampleTests
{
    private static Sample At(long second) => new(second, 0, 0, false, 0, 1);

    [Theory]
    [InlineData("", "")]
    [InlineData("1 1 2 5", "1 1 2 5")]
    [InlineData("5 1 2 1", "1 1 2 5")]
    [InlineData("1 2 3 0", "0 1 2 3")]
    public void Samples_come_in_order(string given, string shown) => Assert.Equal(shown, string.Join(' ', Sample.InOrder(
        given.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(s => At(s[0] - '0'))).Select(s => s.Second)));
}
