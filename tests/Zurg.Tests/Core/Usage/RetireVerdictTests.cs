using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Usage;

public sealed class RetireVerdictTests
{
    private static readonly DateTimeOffset Noon = World.Noon;

    [Fact]
    public void Nobody_means_yes() => Assert.IsType<RetireVerdict.Allowed>(RetireVerdict.Judge(Of(), null));

    [Theory]
    [InlineData(null, false)]
    [InlineData(-1, false)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void Who_was_seen_counts_unless_somebody_names_a_later_time(int? secondsAfter, bool allowed)
    {
        var before = secondsAfter is { } s ? Noon.AddSeconds(s) : (DateTimeOffset?)null;
        var verdict = RetireVerdict.Judge(Of(User("report.py", now: false, Noon)), before);
        Assert.Equal(allowed, verdict is RetireVerdict.Allowed);
        Assert.False(verdict is RetireVerdict.Refused { BecauseOfNow: true });
    }

    [Fact]
    public void Who_uses_it_now_and_what_is_declared_count_whatever_is_named()
    {
        var verdict = RetireVerdict.Judge(
            Of(User("web", now: true, null), User("web.0", now: true, Noon), User("old", now: false, Noon)), Noon.AddDays(9));
        var refused = Assert.IsType<RetireVerdict.Refused>(verdict);
        Assert.True(refused.BecauseOfNow);
        Assert.Equal(["web", "web.0"], refused.Users.Select(u => u.Client));
    }

    private static ServiceUsers Of(params ServiceUser[] users) => new() { Service = new("solver"), Users = [.. users] };

    private static ServiceUser User(string client, bool now, DateTimeOffset? seen) =>
        new() { Client = client, Now = now, LastSeen = seen };
}
