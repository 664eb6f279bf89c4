using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class LimitsCheckTests
{
    public static readonly TheoryData<string, ServiceDraft> Wrong = new()
    {
        { "services.web.group | 'No Group' is no name of a group", Drafts.Service with { Group = "No Group" } },
        { "services.web.groups[1] | 'B' is no name of a group", Drafts.Service with { Groups = ["a", "B"] } },
        { "services.web.umask | '89' is no umask", Drafts.Service with { Umask = "89" } },
        { "services.web.umask | '1777' is no umask", Drafts.Service with { Umask = "1777" } },
        { "services.web.nice | 20 is out of range", Drafts.Service with { Nice = 20 } },
        { "services.web.oom_score_adj | 1001 is out of range", Drafts.Service with { OomScoreAdj = 1001 } },
        { "services.web.limits.core | '5' is no size", Limited(new LimitsDraft { Core = "5" }) },
        { "services.web.limits.stack | '1KiB' is out of range", Limited(new LimitsDraft { Stack = "1KiB" }) },
        { "services.web.limits.file_size | '0' is no size", Limited(new LimitsDraft { FileSize = "0" }) },
        { "services.web.limits.locked_memory | 'all' is no size", Limited(new LimitsDraft { LockedMemory = "all" }) },
        { "services.web.limits.enforce | 'requird' is no way to enforce limits",
            Limited(new LimitsDraft { Enforce = "requird" }) },
        { "services.web.watchdog | '30' is no duration", Drafts.Service with { Watchdog = "30" } },
        { "services.web.watchdog_keep | 'all' is no thing to keep",
            Drafts.Service with { Watchdog = "30s", WatchdogKeep = "all" } },
        { "services.web.watchdog_keep | there is no watchdog", Drafts.Service with { WatchdogKeep = "stacks" } },
        { "services.web.watchdog_keep | no core dump is allowed",
            Drafts.Service with { Watchdog = "30s", WatchdogKeep = "core" } },
        { "services.web.env.WATCHDOG_USEC | 'WATCHDOG_USEC' is set by Zurg itself",
            Drafts.Service with { Env = Drafts.Map(("WATCHDOG_USEC", "1")) } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_slip_is_told_where_it_is(string problem, ServiceDraft draft) =>
        Assert.StartsWith(problem, Assert.Single(Drafts.ProblemsOf(draft)), StringComparison.Ordinal);

    [Fact]
    public void What_is_right_becomes_numbers()
    {
        var draft = Drafts.Service with
        {
            Group = "www-data",
            Groups = ["ssl-cert"],
            Umask = "027",
            Nice = -5,
            OomScoreAdj = 0,
            Limits = new LimitsDraft
            {
                Core = "unlimited", Stack = "8MiB", LockedMemory = "0", FileSize = "1GiB", Enforce = "required",
            },
        };
        Assert.Empty(Drafts.ProblemsOf(draft));
        var spec = Drafts.Filled(draft).Instance;
        Assert.Equal(("www-data", 23, -5, 0), (spec.Group, spec.Umask, spec.Nice, spec.OomScoreAdj));
        Assert.Equal(["ssl-cert"], spec.Groups!.Value.AsEnumerable());
        Assert.Equal(
            new LimitsSpec(Core: LimitsSpec.Unlimited, Stack: 8 << 20, LockedMemory: 0, FileSize: 1 << 30,
                Enforce: LimitsEnforce.Required),
            spec.Limits);
    }

    [Theory]
    [InlineData("027", 23)]
    [InlineData("0777", 511)]
    [InlineData("27", null)]
    [InlineData("0o27", null)]
    public void A_umask_is_octal(string text, int? mask) => Assert.Equal(mask, LimitsCheck.Umask(text));

    private static ServiceDraft Limited(LimitsDraft limits) => Drafts.Service with { Limits = limits };
}
