using System.Collections.Immutable;
using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Releases;

public sealed class ReleaseCollectingTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 10, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    // Hours since each was needed; what is needed now; what goes; what goes when room is needed.
    [InlineData("web@1:50 web@2:40 web@3:30 web@4:0", "web@4", "web@1", "web@2 web@3")]
    [InlineData("web@1:50 web@2:40 web@3:30 web@4:0", "web@4 web@1", "", "web@2 web@3")]
    [InlineData("web@1:23 web@2:22 web@3:21 web@4:20", "", "", "web@1 web@2 web@3 web@4")]
    [InlineData("web@1:24 web@2:22 web@3:21 web@4:20", "", "web@1", "web@2 web@3 web@4")]
    [InlineData("web@1:50 api@1:60 web@2:40 api@2:30", "", "", "api@1 web@1 web@2 api@2")]
    [InlineData("web@1:50 web@2:50 web@3:50", "", "web@1", "web@2 web@3")]
    [InlineData("web@1:-5 web@2:-6 web@3:-7", "", "", "web@1 web@2 web@3")]
    [InlineData("", "web@1", "", "")]
    public void What_is_needed_stays_and_of_the_rest_the_newest(string here, string used, string removed, string spare)
    {
        var plan = ReleaseCollecting.Decide(Parse(here), [.. Words(used).Select(u => ReleaseId.Parse(u))], Now);

        Assert.Equal(Words(removed), plan.Remove.Select(r => r.Value));
        Assert.Equal(Words(spare), plan.IfRoomIsNeeded.Select(r => r.Value));
    }

    [Fact]
    public void Nothing_that_is_needed_ever_goes_and_everything_else_may() =>
        Check.QuickThrowOnFailure(Prop.ForAll<byte[], byte[]>((ages, needed) =>
        {
            var here = ages.Index()
                .Select(a => new KeptRelease(ReleaseId.Parse($"n{a.Index % 3}@{a.Index}"), Now - TimeSpan.FromHours(a.Item)))
                .ToImmutableArray();
            var used = here.Where((_, i) => needed.Contains((byte)i)).Select(r => r.Release).ToImmutableSortedSet();
            var plan = ReleaseCollecting.Decide(here, used, Now);

            Assert.Equal(
                here.Select(r => r.Release).Where(r => !used.Contains(r)).Order(),
                plan.Remove.Concat(plan.IfRoomIsNeeded).Order());
        }));

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static ImmutableArray<KeptRelease> Parse(string here) =>
    [
        .. Words(here).Select(w => w.Split(':'))
            .Select(w => new KeptRelease(
                ReleaseId.Parse(w[0]), Now - TimeSpan.FromHours(int.Parse(w[1], CultureInfo.InvariantCulture)))),
    ];
}
