using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>by_cell: nobody of the next cell has a release before everybody of the one before it.</summary>
public sealed class CellOrderTests
{
    private static readonly UpdatePolicy TwoAway = new(0, "100%", TimeSpan.FromSeconds(10), 2, 0, RollbackMode.Auto)
    {
        ByCell = true,
    };

    private static readonly UpdatePolicy NoneAway = Specs.NoneAway with { ByCell = true };

    private static ServiceSpec Web(string version, int instances, UpdatePolicy policy) =>
        Specs.Service("web", instances, version) with { Update = policy };

    [Fact]
    public void A_silent_host_of_the_first_cell_leaves_its_turn_to_nobody_of_the_next()
    {
        var world = World.Of("a1@az1", "a2@az1", "b1@az2", "b2@az2").Apply(Web("1.0", 4, TwoAway)).Settle();
        Assert.Equal("a1: web.0; a2: web.2; b1: web.1; b2: web.3", world.Placed());

        world = world.Silence("a1").Apply(Web("2.0", 4, TwoAway)).Settle();
        Assert.Equal("web.0=1.0 web.1=1.0 web.2=2.0 web.3=1.0", world.Versions("web"));

        world = world.Join("c1@az3").Apply(Web("2.0", 5, TwoAway)).Settle();
        Assert.EndsWith("web.4=1.0", world.Versions("web"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_spare_one_that_is_the_canary_is_in_the_first_cell()
    {
        var world = World.Of("a1@az1", "a2@az1", "b1@az2").Apply(Web("1.0", 3, NoneAway)).Settle();
        Assert.Equal("a1: web.0; a2: web.2; b1: web.1", world.Placed());

        world = world.Apply(Web("2.0", 3, NoneAway)).Settle();
        Assert.Equal("a1: web.0 web.3; a2: web.2; b1: web.1", world.Placed());
    }

    [Fact]
    public void Where_the_first_cell_has_no_room_for_it_one_with_the_old_release_stands_in()
    {
        var world = World.Of("a1@az1", "b1@az2", "b2@az2").Apply(Web("1.0", 2, NoneAway).Port(80)).Settle();

        world = world.Apply(Web("2.0", 2, NoneAway).Port(80)).Settle();

        Assert.Equal("a1: web.0; b1: web.1; b2: web.2", world.Placed());
        Assert.Equal("web.0=2.0 web.1=1.0 web.2=1.0", world.Versions("web"));
    }

    [Fact]
    public void One_cell_follows_the_other_until_all_have_it_and_a_person_may_let_all_have_it_at_once()
    {
        var world = World.Of("a1@az1", "b1@az2").Apply(Web("1.0", 2, NoneAway)).Settle().Apply(Web("2.0", 2, NoneAway)).Settle();

        var promoted = world.Say("web", w => w with { PromoteAll = true }).Settle();
        Assert.Equal("web.0=2.0 web.1=2.0", promoted.Versions("web"));

        for (var round = 0; round < 5; round++)
        {
            world = world.After(TimeSpan.FromSeconds(10)).Settle();
        }

        Assert.Equal("web.0=2.0 web.1=2.0", world.Versions("web"));
        Assert.True(world.Plan().IsConverged);
    }
}
