using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Intent;

public sealed class DepartingTests
{
    private static readonly AppliedSpec Two =
        World.Of("host1@az1").Apply(Specs.Service("db", 1), Specs.Service("web", 1)).State.Applied!;

    private static readonly ClusterSpec Empty = new() { Cluster = new ClusterName("test"), Services = [] };

    private static readonly ClusterSpec OnlyDb = Empty with { Services = [Specs.Service("db", 1)] };

    private static readonly HostPlacements WebPlaced = new()
    {
        Host = new HostId("host1"),
        Instances = [new(Id.Parse<InstanceId>("web.0"), Digest.Of("x"u8), 0, WantedPhase.Running)],
    };

    private static string Names(AppliedSpec? newest, ClusterSpec next, DateTimeOffset now, params HostPlacements[] placed) =>
        string.Join(' ', (Departing.Of(newest, next, placed, "ann", now) ?? []).Select(l => l.Service.Name.Value));

    [Fact]
    public void What_the_next_spec_does_not_have_any_more_leaves_with_its_author()
    {
        Assert.Null(Departing.Of(null, OnlyDb, [], "ann", World.Noon));
        Assert.Null(Departing.Of(Two, Two.Spec, [], "ann", World.Noon));
        Assert.Equal("db web", Names(Two, Empty, World.Noon));
        var web = Assert.Single(Departing.Of(Two, OnlyDb, [], "ann", World.Noon)!.Value);
        Assert.Equal(("ann", World.Noon, 1), (web.By, web.At, web.Service.Scale.Instances));
    }

    [Fact]
    public void It_goes_on_leaving_while_anything_of_it_is_placed_and_a_while_longer()
    {
        var leaving = Two with { Spec = OnlyDb, Leaving = Departing.Of(Two, OnlyDb, [], "ann", World.Noon) };

        Assert.Equal("web", Names(leaving, OnlyDb, World.Noon.AddMinutes(9.9)));
        Assert.Equal("", Names(leaving, OnlyDb, World.Noon.AddMinutes(10)));
        Assert.Equal("web", Names(leaving, OnlyDb, World.Noon.AddHours(9), WebPlaced));
        Assert.Equal(World.Noon, Departing.Of(leaving, OnlyDb, [WebPlaced], "bob", World.Noon.AddHours(9))!.Value[0].At);
        Assert.Equal("", Names(leaving, Two.Spec, World.Noon, WebPlaced));
    }
}
