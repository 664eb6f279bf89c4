using Zurg.Protocol;
using static Zurg.Tests.Support.InstanceWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class InstanceStateTests
{
    private static Hold Of(string text) => new(HoldReason.BackingOff, text);

    [Fact]
    public void Of_several_holds_the_one_that_explains_most_is_shown()
    {
        var state = In(InstancePhase.Running) with { UsesHold = Of("uses") };
        Assert.Equal("uses", state.ShownHold!.Text);
        state = state with { TemplateHold = Of("template") };
        Assert.Equal("template", state.ShownHold!.Text);
        state = state with { Hold = Of("own") };
        Assert.Equal("own", state.ShownHold!.Text);
        Assert.Equal("unknown", (state with { NotUnderstood = Of("unknown") }).ShownHold!.Text);
        Assert.Null(In(InstancePhase.Running).ShownHold);
    }
}
