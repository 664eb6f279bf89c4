using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Core.Intent;
using Zurg.Tests.Core.Releases;
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
    public void With_keys_a_host_is_told_them_and_each_signature_and_a_later_one_is_newer_truth()
    {
        using var key = new SigningKeys();
        var world = Running;
        var applied = world.State.Applied!;
        var keys = ImmutableSortedDictionary<string, string>.Empty.Add("ci", key.Public);
        Assert.Null(AssignmentView.Of(world.State, Host1)!.Instances[0].Signing);

        var keyed = world.Put(
            StoreKeys.CurrentSpec, applied with { Spec = applied.Spec with { Keys = keys } }, WireJson.Default.AppliedSpec);
        var unsigned = AssignmentView.Of(keyed.State, Host1)!;
        Assert.Equal(keys, unsigned.Instances[0].Signing!.Keys);
        Assert.Empty(unsigned.Instances[0].Signing!.Signatures);

        var release = keyed.State.Releases.Values.Single();
        var signature = key.Signature(release.Manifest);
        var later = keyed.Put(
            StoreKeys.Release(release.Release), release with { Signatures = [signature] }, WireJson.Default.ReleaseRecord);
        var signed = AssignmentView.Of(later.State, Host1)!;
        Assert.Equal(signature, Assert.Single(signed.Instances[0].Signing!.Signatures));
        Assert.True(signed.Generation > unsigned.Generation);
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
    public void A_host_with_templates_is_told_of_every_host_and_of_those_that_join()
    {
        var service = Specs.Service("web", 1);
        var templated = service with { Instance = service.Instance with { Templates = [new("a", "b", TemplateThen.Nothing)] } };
        var before = World.Of("host1@az1", "host2@az2 disk=ssd").Apply(templated).Settle().Silence("host2");
        var after = before.Join("host3@az3");

        var (old, now) = (AssignmentView.Of(before.State, Host1)!, AssignmentView.Of(after.State, Host1)!);
        Assert.Equal(["host1 az1", "host2 az2 disk=ssd"], old.Hosts.Select(Text));
        Assert.Equal(["host1 az1", "host2 az2 disk=ssd", "host3 az3"], now.Hosts.Select(Text));
        Assert.True(now.Generation > old.Generation);
        Assert.Empty(AssignmentView.Of(Running.State, Host1)!.Hosts);

        static string Text(ClusterHost h) => 
            string.Join(' ', [h.Host.Value, h.Cell.Value, .. h.Labels.Select(l => $"{l.Key}={l.Value}")]);
    }

    [Fact]
    public void An_instance_runs_with_its_own_values()
    {
        var service = Specs.Service("web", 2);
        var own = service with
        {
            Instance = service.Instance with { Vars = Drafts.Map(("role", "replica")) },
            PerInstance = ImmutableSortedDictionary<int, ImmutableSortedDictionary<string, string>>.Empty
                .Add(1, Drafts.Map(("role", "primary"))),
        };
        var world = World.Of("host1@az1").Apply(own).Settle();
        Assert.Equal(["replica", "primary"], AssignmentView.Of(world.State, Host1)!.Instances.Select(i => i.Spec.Vars!["role"]));

        // Another value of one instance is due for that instance alone.
        var next = world.Apply(own with { PerInstance = own.PerInstance!.SetItem(1, Drafts.Map(("role", "reader"))) });
        Assert.Equal(["web.1"], next.Plan().Steps.Select(s => s.Instance.Value));
        Assert.Empty(next.Settle().Plan().Holds);
        Assert.Equal([true, true], StatusView.Explain(next.Settle().State, next.Naming, new ServiceName("web"), World.Noon)!
            .Status.Instances.Select(i => i.UpToDate));
    }

    [Fact]
    public void A_policy_reaches_running_instances_under_a_newer_generation()
    {
        var before = Running;
        var logs = new LogPolicy(1 << 20, TimeSpan.FromHours(1));
        var stop = new StopPolicy("INT", TimeSpan.FromSeconds(1));
        var after = before.Apply(Specs.Service("web", 2) with { Stop = stop, Logs = logs });

        var (old, now) = (AssignmentView.Of(before.State, Host1)!, AssignmentView.Of(after.State, Host1)!);
        Assert.True(now.Generation > old.Generation);
        Assert.Equal((stop, logs), (now.Instances[0].Stop, now.Instances[0].Logs));
        Assert.Equal(old.Instances[0].SpecDigest, now.Instances[0].SpecDigest);
    }
}
