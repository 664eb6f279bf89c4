using Zurg.Cli.Verbs;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Verbs;

public sealed class ConvergenceTests
{
    private static readonly Hold Back = new(HoldReason.RolledBack, "web runs 1.0, not 1.1", "try again");
    private static readonly Hold Other = new(HoldReason.WaitsForReady, "api.0 is not ready");

    [Fact]
    public void What_only_a_person_can_mend_ends_the_waiting_and_nothing_else_does()
    {
        var spec = new SpecNumber(7);
        var stuck = Convergence.Stuck(Rollouts.Status(Rollouts.TakenBack, Back), spec)!;
        Assert.Equal("spec 7 is applied, and not all runs as it says: web runs 1.0, not 1.1", stuck.Message);
        Assert.Equal("try again", stuck.Mend);
        Assert.Null(Convergence.Stuck(Rollouts.Status(Rollouts.TakenBack, Back, Other), spec));
        Assert.Null(Convergence.Stuck(Rollouts.Status(Rollouts.Running, Other), spec));
        Assert.Null(Convergence.Stuck(Rollouts.Status(Rollouts.Complete), spec));
        Assert.Null(Convergence.Stuck(Rollouts.Status(Rollouts.TakenBack, Back), new SpecNumber(8)));
    }
}
