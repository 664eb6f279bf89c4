using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Supervision;

public sealed class HostAbilityTests
{
    private static readonly HostAbility Root = new()
    {
        User = "root",
        SetsUsers = true,
        RaisesLimits = true,
        NiceMin = -20,
        OomScoreAdjMin = -1000,
        OpenFilesMax = 1_048_576,
        Hard = Limits((ProcessLimit.OpenFiles, 4096), (ProcessLimit.Core, 0), (ProcessLimit.Stack, LimitsSpec.Unlimited)),
    };

    private static readonly HostAbility Person = Root with
    {
        User = "zurg", SetsUsers = false, RaisesLimits = false, NiceMin = 0, OomScoreAdjMin = 100,
    };

    public static readonly TheoryData<bool, LimitsSpec?, int?, int?, string?> Cases = new()
    {
        { true, null, null, null, null },
        { true, new LimitsSpec(OpenFiles: 1_048_576), -20, -1000, null },
        { true, new LimitsSpec(OpenFiles: 1_048_577), null, null,
            "limits.open_files: 1048577 is above what this host's kernel gives any process (fs.nr_open is 1048576)" },
        { true, new LimitsSpec(Core: LimitsSpec.Unlimited), null, null, null },
        { false, new LimitsSpec(OpenFiles: 4096, Core: 0, Stack: LimitsSpec.Unlimited), 0, 100, null },
        { false, new LimitsSpec(OpenFiles: 4097), null, null,
            "limits.open_files: 4097 is above the hard limit of this host's agent (4096), which runs as zurg and may not "
            + "raise it" },
        { false, new LimitsSpec(Core: LimitsSpec.Unlimited), null, null,
            "limits.core: unlimited is above the hard limit of this host's agent (0), which runs as zurg and may not raise it" },
        { false, null, -1, null, "nice: -1 is below 0, the lowest that this host's agent may set (it runs as zurg)" },
        { false, null, null, 99, "oom_score_adj: 99 is below 100, the lowest that this host's agent may set (it runs as zurg)" },
        { true, new LimitsSpec(Memory: 1, Cpu: 1, Processes: 1), null, null, null },
        { true, new LimitsSpec(Memory: 1, Enforce: LimitsEnforce.Required), null, null,
            "limits.memory cannot be enforced on this host, and enforce: required asks for it: its agent has no memory "
            + "controller (no cgroup v2 controller)" },
        { true, new LimitsSpec(OpenFiles: 16, Enforce: LimitsEnforce.Required), null, null, null },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_a_host_must_not_give_is_a_hold(bool root, LimitsSpec? limits, int? nice, int? score, string? expected)
    {
        var hold = (root ? Root : Person).HoldOf(Spec(limits) with { Nice = nice, OomScoreAdj = score });
        Assert.Equal(expected, hold?.Text);
        Assert.Equal(expected is null ? null : HoldReason.LimitNotAllowed, hold?.Reason);
        Assert.True(hold is null || hold.Mend is not null);
    }

    [Fact]
    public void With_its_controllers_a_required_limit_holds_nothing_and_the_pids_controller_replaces_the_users_count()
    {
        var able = Root with { Controllers = ["cpu", "memory", "pids"] };
        var limits = new LimitsSpec(Memory: 1, Cpu: 1, Processes: 5, Enforce: LimitsEnforce.Required);
        Assert.Null(able.HoldOf(Spec(limits)));
        Assert.Empty(able.LimitsOf(limits));
        Assert.Equal(5, Root.LimitsOf(limits)[ProcessLimit.Processes]);
        Assert.Contains("no pids controller",
            (able with { Controllers = ["cpu", "memory"] }).HoldOf(Spec(limits))!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void People_are_told_what_is_enforced_and_what_is_not()
    {
        Assert.Equal(
            "enforced: open files, core, stack, locked memory, file size, processes (by user, not root's); "
            + "not memory, cpu: no cgroup v2", (Root with { NoControllers = "no cgroup v2" }).Describe());
        Assert.Equal(
            "enforced: open files, core, stack, locked memory, file size, cpu, memory, processes; "
            + "users other than zurg cannot be set", (Person with { Controllers = ["cpu", "memory", "pids"] }).Describe());
    }

    private static InstanceSpec Spec(LimitsSpec? limits) =>
        new() { Release = ReleaseId.Parse("web@1"), Run = "bin/web", Limits = limits };

    private static ImmutableSortedDictionary<ProcessLimit, long> Limits(params (ProcessLimit Limit, long Value)[] limits) =>
        limits.ToImmutableSortedDictionary(l => l.Limit, l => l.Value);
}
