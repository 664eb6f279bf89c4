using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Processes;

public sealed class HostLimitsTests
{
    [Fact]
    public void What_the_agent_may_do_is_what_the_kernel_says()
    {
        var ability = HostLimits.AbilityWith(CgroupSite.None("none"));
        var root = Libc.EffectiveUser() == 0;
        Assert.Equal(Environment.UserName, ability.User);
        Assert.InRange(ability.OpenFilesMax, 1024, int.MaxValue);
        Assert.True(ability.SetsUsers || !root);
        var hard = File.ReadLines("/proc/self/limits").First(l => l.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
        Assert.Equal(hard, ability.Hard[ProcessLimit.OpenFiles].ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.NotNull(ability.HoldOf(new InstanceSpec
        {
            Release = ReleaseId.Parse("web@1"), Run = "x", Limits = new LimitsSpec(OpenFiles: 1 << 30),
        }));
    }
}
