using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Placement;

public sealed class PromisesTests
{
    private static readonly ServiceSpec A = Specs.Service("a", 1).Memory(3L << 30);

    private static readonly ServiceSpec B = Specs.Service("b", 1).Memory(3L << 30);

    private static World Two => World.Of().Join("host2@az2", 9L << 30).Apply(A, B).Settle().Join("host1@az1", 4L << 30);

    [Fact]
    public void Of_two_services_on_a_host_that_is_emptied_one_gets_the_room_elsewhere_and_the_other_stays()
    {
        var world = Two.Empty("host2").Settle();

        Assert.Equal("host1: a.0; host2: b.0", world.Placed());
        Assert.Equal(
            "b.0 can neither stay on host2 nor go elsewhere: host2 is being emptied by ann",
            Assert.Single(world.Plan().Holds).Text);
        Assert.Equal("host1: a.0; host3: b.0", world.Join("host3@az3").Settle().Placed());
    }

    [Fact]
    public void Of_two_services_on_a_lost_host_one_gets_the_room_elsewhere_and_the_other_keeps_its_place()
    {
        var world = Two.Lose("host2").Settle();

        Assert.Equal("host1: a.0; host2: b.0", world.Placed());
        Assert.Equal(HoldReason.HostLost, Assert.Single(world.Plan().Holds).Reason);
    }

    [Fact]
    public void Of_two_stopped_services_on_a_host_that_is_emptied_both_keep_a_place()
    {
        var world = Two.Intend(ServiceIntent.Of(A.Name) with { Stopped = true })
            .Intend(ServiceIntent.Of(B.Name) with { Stopped = true }).Settle().Empty("host2").Settle();

        Assert.Equal("host1: a.0; host2: b.0", world.Placed());
    }

    /// <summary>A program may take its time to end, and meanwhile others look for room.</summary>
    [Fact]
    public void What_still_ends_where_it_was_keeps_its_room_elsewhere_from_all_others()
    {
        var spare = Specs.NoneAway with { Canary = 0, Batch = "100%", Bake = TimeSpan.Zero };
        var other = Specs.Service("a", 1).Memory(3L << 30) with { Update = spare };
        var world = World.Of().Join("host3@az3", 4L << 30).Apply(other).Settle()
            .Join("host2@az2", 4L << 30).Apply(other, B).Settle();
        Assert.Equal("host2: b.0; host3: a.0", world.Placed());

        world = world.Join("host1@az1", 4L << 30).Empty("host2").Drain();
        world = world.Commit(world.Plan());
        Assert.DoesNotContain("b.0", world.Placed(), StringComparison.Ordinal);
        world = world.Apply(Specs.Service("a", 1, "2.0").Memory(3L << 30) with { Update = spare }, B);
        world = world.Commit(world.Plan());
        world = world.Commit(world.Plan());

        Assert.Equal("host3: a.0", world.Placed());
        Assert.Contains(world.Plan().Holds, h => h.Reason == HoldReason.NoRoomForSpare);
        Assert.Contains(
            world.Plan().Holds, h => h.Text == "b.0 starts on host1 once it has ended on host2: there are never two of it");
        Assert.Equal("host1: b.0; host3: a.0", world.Run().Settle().Placed());
    }

    [Fact]
    public void Where_just_one_more_fits_a_spare_one_takes_the_place_of_what_moves()
    {
        var web = Specs.Service("web", 1).Memory(3L << 30) with { Update = Specs.NoneAway };
        var world = World.Of().Join("host2@az2", 4L << 30).Apply(web).Settle().Join("host1@az1", 4L << 30).Empty("host2");
        for (var round = 0; round < 20; round++)
        {
            world = world.Commit(world.Plan());
            Assert.NotEmpty(world.Naming.SetOf(web.Name).Endpoints);
            world = world.Run();
        }

        Assert.Equal("host1: web.1", world.Placed());
        Assert.Empty(world.Plan().Steps);
        Assert.Contains(world.Plan().Holds, h => h is { Reason: HoldReason.NoHostFits, Instance.Value: "web.0" });
        Assert.Equal("host2: web.0", world.Empty("host2", drained: false).Settle().Placed());
    }

    [Fact]
    public void One_spare_one_takes_the_place_of_one()
    {
        var web = Specs.Service("web", 2).Memory(3L << 30) with { Update = Specs.NoneAway };
        var world = World.Of().Join("host2@az2").Apply(web).Settle().Join("host1@az1", 4L << 30).Empty("host2");
        for (var round = 0; round < 20; round++)
        {
            world = world.Commit(world.Plan());
            Assert.True(world.Naming.SetOf(web.Name).Endpoints.Length >= 2, $"round {round}");
            world = world.Run();
        }

        Assert.Equal("host1: web.2; host2: web.1", world.Placed());
        Assert.Empty(world.Plan().Steps);
    }

    /// <summary>Promised its room, a consumer would keep out just the service that it waits for.</summary>
    [Fact]
    public void What_waits_for_a_dependency_is_promised_nothing()
    {
        var consumer = A.After("b");
        var world = World.Of("host1@az1").Apply(A, B).Settle().Join("host2@az2", 4L << 30);
        world = world.Apply(consumer, B).Lose("host1");
        world = world.Commit(world.Plan());
        Assert.Equal("host1: b.0", world.Placed());

        Assert.Equal("host2: b.0", world.Settle().Placed());
    }

    [Fact]
    public void What_is_retired_is_promised_nothing_any_more()
    {
        var world = Two.Lose("host2");
        world = world.Commit(world.Plan());
        world = world.Intend(ServiceIntent.Of(A.Name) with { Retired = new RetiredIntent(World.Noon, "ann") });

        Assert.Equal("host1: b.0", world.Settle().Placed());
    }
}
