using Zurg.Core;

namespace Zurg.Tests.Core;

public sealed class InvariantTests
{
    [Fact]
    public void What_holds_says_nothing_and_what_does_not_ends_with_its_own_words()
    {
        Invariant.Check(true, "never said");

        var broken = Assert.Throws<InvariantException>(() => Invariant.Check(false, "revision went back"));
        Assert.Equal("revision went back", broken.Message);
    }
}
