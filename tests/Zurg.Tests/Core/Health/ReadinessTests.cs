using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Health;

public sealed class ReadinessTests
{
    private static readonly HostId Host1 = new("host1");

    private static World Running => World.Of("host1@az1").Apply(Specs.Service("web", 1)).Settle();

    [Theory]
    [InlineData(InstancePhase.Waiting, "web.0 on host1 is waiting to be started")]
    [InlineData(InstancePhase.Preparing, "web.0 on host1 is being prepared: release any@1 is fetched and verified")]
    [InlineData(InstancePhase.Starting, "web.0 on host1 is starting: it has no probe and is ready once it has run for a second")]
    [InlineData(InstancePhase.Running, "web.0 on host1 is running, but its probe fails")]
    [InlineData(InstancePhase.Stopping, "web.0 on host1 is stopping")]
    [InlineData(InstancePhase.Stopped, "web.0 on host1 is stopped and about to be started again")]
    [InlineData(InstancePhase.Unknown, "web.0 on host1 is in a phase that only a newer build of Zurg knows")]
    public void Each_phase_that_is_not_ready_is_said_in_words(InstancePhase phase, string text)
    {
        var world = With(s => s with { Phase = phase, Healthy = false });

        Assert.Equal(text, Assert.Single(world.Plan().Holds).Text);
    }

    [Fact]
    public void An_instance_on_an_old_spec_is_not_what_its_placement_wants()
    {
        var hold = Assert.Single(With(s => s with { Spec = Digest.Of("old"u8) }).Plan().Holds);

        Assert.Equal("web.0 on host1 is being restarted with what is new", hold.Text);
    }

    [Fact]
    public void A_placement_that_its_host_has_not_taken_over_yet_is_a_hold()
    {
        var facts = Running.State.Facts[Host1] with { Instances = [] };

        var hold = Assert.Single(Running.Put("facts/host1", facts, WireJson.Default.HostFacts).Plan().Holds);
        Assert.Equal("web.0: host1 has not taken it over yet", hold.Text);
    }

    private static World With(Func<InstanceStatus, InstanceStatus> change)
    {
        var facts = Running.State.Facts[Host1];
        return Running.Put("facts/host1", facts with { Instances = [change(facts.Instances[0])] }, WireJson.Default.HostFacts);
    }
}
