using System.Reflection;
using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class AgentEffectTests
{
    [Fact]
    public void Every_effect_says_whom_it_is_about()
    {
        var kinds = typeof(AgentEffect).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(AgentEffect))).ToList();

        Assert.InRange(kinds.Count, 15, 50);
        Assert.All(kinds, kind => Assert.Equal(Web, Make(kind).Subject));
    }

    private static AgentEffect Make(Type kind)
    {
        var constructor = kind.GetConstructors().Single();
        return (AgentEffect)constructor.Invoke([.. constructor.GetParameters().Select(Value)]);
    }

    private static object? Value(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(AssignedInstance) ? Assigned(Web)
        : parameter.ParameterType == typeof(InstanceId) ? Web
        : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType)
        : null;
}
