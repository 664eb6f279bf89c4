using System.Collections.Immutable;
using Zurg.Sdk;

namespace Zurg.Tests.Sdk;

public sealed class EndpointChoiceTests
{
    [Fact]
    public void Of_nothing_nothing_is_picked() => Assert.Null(EndpointChoice.Pick([], [], 0, _ => 0));

    [Fact]
    public void What_was_tried_is_not_picked_again()
    {
        var (a, b) = (Of("web.0"), Of("web.1"));
        Assert.Same(b, EndpointChoice.Pick([a, b], [a], 0, _ => 0));
        Assert.Null(EndpointChoice.Pick([a, b], [a, b], 0, _ => 0));
    }

    [Fact]
    public void One_whose_connection_broke_is_picked_last_until_its_time_is_over()
    {
        var (a, b) = (Of("web.0"), Of("web.1"));
        a.Load.Avoid(until: 10);
        b.Load.Begin();
        Assert.Same(b, EndpointChoice.Pick([a, b], [], 9, _ => 0));
        Assert.Same(a, EndpointChoice.Pick([a, b], [], 10, _ => 0));
        Assert.Same(a, EndpointChoice.Pick([a, b], [b], 9, _ => 0));
    }

    [Fact]
    public void Who_leaves_is_picked_after_suspects_and_those_whose_connection_broke()
    {
        var (leaves, suspect, broken) = (Of("web.0"), Of("web.1", suspect: true), Of("web.2"));
        leaves.Leaves = true;
        broken.Load.Avoid(until: 10);
        var targets = ImmutableArray.Create(leaves, suspect, broken);
        Assert.Same(broken, EndpointChoice.Pick(targets, [], 0, _ => 0));
        Assert.Same(suspect, EndpointChoice.Pick(targets, [broken], 0, _ => 0));
        Assert.Same(leaves, EndpointChoice.Pick(targets, [broken, suspect], 0, _ => 0));
    }

    [Fact]
    public void Two_different_ones_are_compared_whatever_chance_says()
    {
        var targets = ImmutableArray.Create(Of("web.0"), Of("web.1"), Of("web.2"));
        for (var first = 0; first < 3; first++)
        {
            for (var second = 0; second < 2; second++)
            {
                var chances = new Queue<int>([first, second]);
                targets[first].Load.Begin();
                Assert.NotSame(targets[first], EndpointChoice.Pick(targets, [], 0, _ => chances.Dequeue()));
                targets[first].Load.End();
            }
        }
    }

    [Fact]
    public void All_of_an_idle_service_get_their_share()
    {
        var targets = Enumerable.Range(0, 5).Select(i => Of($"web.{i}")).ToImmutableArray();
        var random = new Random(1);
        var picks = Enumerable.Range(0, 10_000)
            .CountBy(_ => EndpointChoice.Pick(targets, [], 0, random.Next)!.Endpoint.Instance).ToList();
        Assert.Equal(5, picks.Count);
        Assert.All(picks, p => Assert.InRange(p.Value, 1_800, 2_200));
    }

    [Fact]
    public void A_target_that_stays_keeps_its_load_and_a_new_incarnation_begins_anew()
    {
        var before = EndpointChoice.Targets(SetOf(EndpointOf("web.0")), null, []);
        before[0].Load.Begin();
        Assert.Equal(1,
            EndpointChoice.Targets(SetOf(EndpointOf("web.0") with { Suspect = true }), null, before)[0].Load.Outstanding);
        Assert.Equal(0,
            EndpointChoice.Targets(SetOf(EndpointOf("web.0") with { Incarnation = 2 }), null, before)[0].Load.Outstanding);
    }

    [Fact]
    public void Without_a_name_the_port_is_http_or_the_only_one()
    {
        var endpoint = EndpointOf("web.0");
        Assert.Equal(80, EndpointChoice.PortOf(endpoint, null));
        Assert.Equal(81, EndpointChoice.PortOf(endpoint, "admin"));
        Assert.Null(EndpointChoice.PortOf(endpoint, "other"));
        Assert.Equal(81, EndpointChoice.PortOf(endpoint with { Ports = endpoint.Ports.Remove("http") }, null));
        Assert.Null(EndpointChoice.PortOf(endpoint with { Ports = endpoint.Ports.Remove("http").Add("more", 1) }, null));
    }

    private static Target Of(string instance, bool suspect = false) =>
        new(EndpointOf(instance) with { Suspect = suspect }, 80, new Load());

    private static ServiceEndpoints SetOf(ServiceEndpoint endpoint) => new("web", 1, [endpoint]);

    private static ServiceEndpoint EndpointOf(string instance) => new()
    {
        Instance = instance,
        Incarnation = 1,
        Host = "host1",
        Cell = "az1",
        Address = "127.0.0.1",
        Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 80).Add("admin", 81),
        Release = "web@1.0.0",
        Suspect = false,
    };
}
