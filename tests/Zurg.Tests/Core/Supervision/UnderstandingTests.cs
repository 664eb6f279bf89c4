using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core.Supervision;

public sealed class UnderstandingTests
{
    private static readonly AssignedInstance Known = Assigned(Web);

    [Fact]
    public void What_this_build_knows_is_no_hold()
    {
        Assert.Null(Understanding.HoldOf(Known, Host));
        Assert.Null(Understanding.HoldOf(Known with { Wanted = WantedPhase.Stopped }, Host));
        Assert.Null(Understanding.HoldOf(Assigned(Web, probe: false), Host));
        Assert.Null(Understanding.HoldOf(With(new TemplateSpec("a.hbs", "a.conf", TemplateThen.Nothing)), Host));
    }

    [Fact]
    public void Each_unknown_word_is_named_with_who_is_to_be_upgraded()
    {
        Assert.Contains("what is wanted of it", Text(Known with { Wanted = WantedPhase.Unknown }), StringComparison.Ordinal);
        var probe = Known with { Spec = Known.Spec with { Probe = Probe with { Kind = ProbeKind.Unknown } } };
        Assert.Contains("its kind of probe", Text(probe), StringComparison.Ordinal);
        var templates = With(
            new TemplateSpec("a.hbs", "a.conf", TemplateThen.Nothing), new TemplateSpec("b.hbs", "b.conf", TemplateThen.Unknown));
        Assert.Contains("when template b.conf changes", Text(templates), StringComparison.Ordinal);
    }

    private static AssignedInstance With(params TemplateSpec[] templates) =>
        Known with { Spec = Known.Spec with { Templates = [.. templates] } };

    private static string Text(AssignedInstance assigned)
    {
        var hold = Understanding.HoldOf(assigned, Host)!;
        Assert.Equal((HoldReason.NotUnderstood, "upgrade the agent of host1"), (hold.Reason, hold.Mend));
        Assert.Equal((Web.Service, Web, Host), (hold.Service, hold.Instance, hold.Host));
        return hold.Text;
    }
}
