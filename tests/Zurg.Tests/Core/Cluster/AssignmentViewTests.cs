using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Cluster;

public sealed class AssignmentViewTests
{
    private static readonly HostId Host1 = new("host1");

    private static World Running => World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();

    [Fact]
    public void A_host_is_told_everything_it_must_run()
    {
        var assignment = AssignmentView.Of(Running.State, Host1)!;

        var instance = Assert.Single(assignment.Instances);
        Assert.Equal("web.0", instance.Instance.Value);
        Assert.Equal(instance.SpecDigest, SpecDigest.Of(instance.Spec));
        Assert.Equal(Digest.Of("manifest"u8), instance.Manifest);
        Assert.Equal(TimeSpan.FromSeconds(30), instance.Stop.Grace);
    }

    [Fact]
    public void A_host_that_never_had_anything_is_told_nothing_rather_than_to_stop_what_it_runs() =>
        Assert.Null(AssignmentView.Of(World.Of("host1@az1").Apply(Specs.Service("web", 0)).State, Host1));

    [Fact]
    public void A_host_whose_last_instance_left_is_told_to_run_nothing()
    {
        var world = Running.Apply(Specs.Service("web", 0)).Settle();

        Assert.Empty(AssignmentView.Of(world.State, Host1)!.Instances);
    }

    [Fact]
    public void Half_a_truth_is_never_said()
    {
        var world = Running;
        var digest = world.State.InstanceSpecs.Keys.First();
        var lacksSpec = ClusterFold.Apply(world.State, StoreKeys.InstanceSpec(digest), value: null, world.State.Revision.Next);
        Assert.Null(AssignmentView.Of(lacksSpec, Host1));

        var unreadable = world.PutBytes(StoreKeys.Placements(Host1), "?"u8.ToArray());
        Assert.Null(AssignmentView.Of(unreadable.State, Host1));
    }

    [Fact]
    public void A_policy_reaches_running_instances_under_a_newer_generation()
    {
        var before = Running;
        var after = before.Apply(Specs.Service("web", 2) with { Stop = new StopPolicy("INT", TimeSpan.FromSeconds(1)) });

        var (old, now) = (AssignmentView.Of(before.State, Host1)!, AssignmentView.Of(after.State, Host1)!);
        Assert.True(now.Generation > old.Generation);
        Assert.Equal("INT", now.Instances[0].Stop.Signal);
        Assert.Equal(old.Instances[0].SpecDigest, now.Instances[0].SpecDigest);
    }
}
