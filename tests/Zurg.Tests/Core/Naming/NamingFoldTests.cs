using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Naming;

public sealed class NamingFoldTests
{
    private static readonly ServiceName Web = new("web");

    private static World Running => World.Of("host1@az1", "host2@az2", "host3@az3").Apply(Specs.Service("web", 3)).Settle();

    [Fact]
    public void Ready_instances_are_published_with_address_ports_and_cell()
    {
        var endpoint = Running.Naming.SetOf(Web).Endpoints[1];

        Assert.Equal(
            ("web.1", "host2", "az2", "127.0.0.1"),
            (endpoint.Instance.Value, endpoint.Host.Value, endpoint.Cell.Value, endpoint.Address));
        Assert.Equal(8001, endpoint.Ports[new PortName("http")]);
        Assert.Equal(EndpointState.Ready, endpoint.State);
    }

    [Fact]
    public void An_instance_whose_probe_has_not_passed_is_not_published()
    {
        var world = Running.Run(butNotReady: "web.1");

        Assert.Equal(["web.0", "web.2"], world.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
    }

    [Fact]
    public void A_silent_host_makes_suspects_and_takes_nothing_away()
    {
        var set = Running.Silence("host1").Silence("host2").Silence("host3").Naming.SetOf(Web);

        Assert.Equal(3, set.Endpoints.Length);
        Assert.All(set.Endpoints, e => Assert.Equal(EndpointState.Suspect, e.State));
    }

    /// <summary>Whatever its facts still say of what ran there.</summary>
    [Fact]
    public void A_lost_host_has_no_endpoints()
    {
        var silent = Running.Silence("host1");
        var facts = silent.State.Facts[new HostId("host1")] with { Session = HostSession.Lost };
        var set = silent.Put(StoreKeys.Facts(facts.Host), facts, WireJson.Default.HostFacts).Naming.SetOf(Web);

        Assert.NotEmpty(facts.Instances);
        Assert.Equal(["web.1", "web.2"], set.Endpoints.Select(e => e.Instance.Value));
    }

    [Fact]
    public void An_instance_that_is_placed_there_no_more_is_withdrawn_before_its_host_has_stopped_it()
    {
        var world = Running.Apply(Specs.Service("web", 2)).Drain();
        world = world.Commit(world.Plan());

        Assert.Equal(["web.0", "web.1"], world.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
    }

    [Fact]
    public void An_instance_that_drains_is_withdrawn_while_it_still_runs()
    {
        var world = Running.Apply(Specs.Service("web", 2));
        world = world.Commit(world.Plan());

        Assert.Equal(["web.0", "web.1"], world.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
        Assert.Contains("web.2", world.Placed(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_is_changed_is_not_listed_again_before_its_host_has_heard_of_it()
    {
        var world = Running.Apply(Specs.Service("web", 3, "2.0")).Drain();
        world = world.Commit(world.Plan());

        // The drain is over, and the facts are those of before.
        Assert.DoesNotContain(world.State.Placements.Values.SelectMany(h => h.Instances), p => p.DrainingSince is not null);
        Assert.All(world.State.Facts.Values.SelectMany(f => f.Instances), i => Assert.True(i.IsReady()));
        Assert.Equal(["web.1", "web.2"], world.Naming.SetOf(Web).Endpoints.Select(e => e.Instance.Value));
        Assert.Equal(3, world.Run().Naming.SetOf(Web).Endpoints.Length);
    }

    [Fact]
    public void A_revision_changes_only_with_the_set()
    {
        var before = Running;
        var after = before.Intend(ServiceIntent.Of(new ServiceName("other"))).Join("host4@az1");

        Assert.Same(before.Naming.SetOf(Web), after.Naming.SetOf(Web));
        Assert.True(after.Run(butNotReady: "web.0").Naming.SetOf(Web).Revision > before.Naming.SetOf(Web).Revision);
    }

    /// <summary>
    /// Step by step and all at once must come to the same sets: a server that lists the store knows what one that watched it
    /// knows.
    /// </summary>
    [Fact]
    public void Folding_changes_one_by_one_and_from_scratch_agree()
    {
        var steps = Gen.Choose(0, 5).ListOf(30).Select(l => l.ToArray());
        Prop.ForAll(steps.ToArbitrary(), choices =>
        {
            var world = Running;
            foreach (var choice in choices)
            {
                world = choice switch
                {
                    0 => world.Run(butNotReady: "web.0"),
                    1 => world.Run(),
                    2 => world.Silence("host2"),
                    3 => world.Join("host2@az2"),
                    4 => world.Apply(Specs.Service("web", 1 + world.State.Modified.Count % 4), Specs.Service("db", 1)),
                    _ => world.Commit(world.Plan()),
                };
            }

            var scratch = NamingFold.Next(NamingState.Empty, ClusterState.Empty, world.State);
            return world.Naming.Sets.Values.Where(s => !s.Endpoints.IsEmpty).Select(Show)
                .SequenceEqual(scratch.Sets.Values.Where(s => !s.Endpoints.IsEmpty).Select(Show));
        }).QuickCheckThrowOnFailure();
    }

    private static string Show(EndpointSet set) =>
        $"{set.Service}: {string.Join(' ', set.Endpoints.Select(e => $"{e.Instance}#{e.Incarnation}@{e.Host}:{e.State}"))}";
}
