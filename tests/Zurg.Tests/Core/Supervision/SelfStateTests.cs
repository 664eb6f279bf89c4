using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Local;

namespace Zurg.Tests.Core.Supervision;

public sealed class SelfStateTests
{
    [Theory]
    [InlineData(InstancePhase.Starting, null, SelfState.Running)]
    [InlineData(InstancePhase.Running, null, SelfState.Running)]
    [InlineData(InstancePhase.Running, false, SelfState.Running)]
    [InlineData(InstancePhase.Running, true, SelfState.Refusing)]
    [InlineData(InstancePhase.Stopping, null, SelfState.Draining)]
    [InlineData(InstancePhase.Stopping, true, SelfState.Refusing)]
    public void An_instance_is_told_what_is_wanted_of_it(InstancePhase phase, bool? refuse, SelfState expected)
    {
        var instance = NamingFixtures.Instance("web.0", phase);
        Assert.Equal(expected, InstanceSelf.Of(instance with { Assigned = instance.Assigned with { Refuse = refuse } }));
    }
}
