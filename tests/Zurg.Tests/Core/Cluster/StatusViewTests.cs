using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Cluster;

public sealed class StatusViewTests
{
    private static readonly ServiceName Web = new("web");

    private static World Running => World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();

    [Fact]
    public void A_settled_cluster_is_converged_and_says_so()
    {
        var status = StatusView.Of(Running.State, Running.Naming, World.Noon);

        Assert.True(status.Converged);
        Assert.Empty(status.Holds);
        var web = Assert.Single(status.Services);
        Assert.Equal((2, 2, false), (web.Wanted, web.Ready, web.Stopped));
        Assert.All(web.Instances, i => Assert.True(i.UpToDate));
        Assert.All(status.Hosts, h => Assert.Equal((1, 1), (h.Instances, h.Ready)));
    }

    [Fact]
    public void An_empty_cluster_has_a_status_too()
    {
        var status = StatusView.Of(ClusterState.Empty, NamingState.Empty, World.Noon);

        Assert.Null(status.Cluster);
        Assert.True(status.Converged);
    }

    [Fact]
    public void An_update_under_way_shows_which_instance_has_it()
    {
        var world = Running.Apply(Specs.Service("web", 2, "2.0"));
        world = world.Drain();
        world = world.Commit(world.Plan()).Run();

        var web = StatusView.Of(world.State, world.Naming, World.Noon).Services[0];
        Assert.Equal([true, false], web.Instances.Select(i => i.UpToDate));
    }

    [Fact]
    public void What_is_withdrawn_says_since_when_and_what_is_hidden_says_so()
    {
        var world = Running.Apply(Specs.Service("web", 2, "2.0"));
        world = world.Commit(world.Plan());
        var placements = world.State.Placements.Values.SelectMany(h => h.Instances).ToImmutableDictionary(p => p.Instance);
        var web = StatusView.Of(world.State, world.Naming, World.Noon).Services[0].Instances;
        Assert.Single(web, i => i.DrainingSince == World.Noon);
        Assert.All(web, i => Assert.Equal(placements[i.Instance].DrainingSince, i.DrainingSince));
        Assert.All(web, i => Assert.Equal(placements[i.Instance].Unlisted, i.Unlisted));
    }

    [Fact]
    public void A_service_that_left_the_spec_is_shown_until_its_instances_are_gone()
    {
        var world = Running.Apply();
        world = world.Commit(world.Plan());
        var web = Assert.Single(StatusView.Of(world.State, world.Naming, World.Noon).Services);
        Assert.Null(web.Release);
        Assert.Equal((0, 2), (web.Wanted, web.Instances.Length));

        Assert.Empty(StatusView.Of(world.Confirm().Settle().State, world.Naming, World.Noon).Services);
    }

    [Fact]
    public void A_stopped_service_wants_nothing()
    {
        var world = Running.Intend(ServiceIntent.Of(Web) with { Stopped = true }).Settle();

        var web = StatusView.Of(world.State, world.Naming, World.Noon).Services[0];
        Assert.Equal((0, 0, true), (web.Wanted, web.Ready, web.Stopped));
    }

    [Fact]
    public void Per_host_and_pinned_services_count_their_hosts()
    {
        var world = World.Of("host1@az1 disk=ssd", "host2@az2 disk=ssd", "host3@az3")
            .Apply(Specs.PerHost("agent", 2).Needs("disk", "ssd"), Specs.Pinned("db", "host1", "host9")).Settle();

        var services = StatusView.Of(world.State, world.Naming, World.Noon).Services;
        Assert.Equal([4, 2], services.Select(s => s.Wanted));
        Assert.Equal([4, 1], services.Select(s => s.Ready));
    }

    [Fact]
    public void An_explanation_holds_what_is_said_of_this_service_only()
    {
        var world = Running.Apply(Specs.Service("web", 2, "2.0"), Specs.Service("gpu", 1).Needs("gpu", "yes"));

        var explained = StatusView.Explain(world.State, world.Naming, Web, World.Noon)!;
        Assert.Equal(["web.0 on host1 is withdrawn from its consumers: gets release 2.0"], explained.Steps.ToArray());
        Assert.All(explained.Holds, h => Assert.Equal(Web, h.Service));
        Assert.Equal(2, explained.Endpoints.Endpoints.Length);
        Assert.Null(StatusView.Explain(world.State, world.Naming, new ServiceName("nobody"), World.Noon));
    }
}
