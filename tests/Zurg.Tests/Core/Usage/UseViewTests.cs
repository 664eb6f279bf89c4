using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Usage;

public sealed class UseViewTests
{
    private static readonly ServiceName Solver = new("solver");
    private static readonly DateTimeOffset Now = World.Noon;
    private static readonly HostId Host1 = new("host1");

    [Fact]
    public void Declared_and_seen_clients_stand_side_by_side_with_their_sources()
    {
        var world = World.Of("host1@az1").Apply(
            Specs.Service("solver", 1), Specs.Service("web", 1) with { DependsOn = [Solver] });
        var users = Of(world, Kept(Follows("web.0")), Kept(Follows("web.0") with { Evidence = UseEvidence.Connected }));
        Assert.Equal(["web", "web.0"], users.Users.Select(u => u.Client));
        var declared = Assert.Single(users.Users[0].Proofs);
        Assert.Equal(("spec 1 by test", true), (declared.Source, declared.Now));
        Assert.Null(users.Users[0].LastSeen);
        Assert.Equal([UseEvidence.Follows, UseEvidence.Connected], users.Users[1].Proofs.Select(p => p.Evidence));
        Assert.Equal((Host1, true, Now), (users.Users[1].Host!.Value, users.Users[1].Now, users.Users[1].LastSeen!.Value));
    }

    [Fact]
    public void What_cannot_be_changed_and_what_comes_from_outside_is_declared_too()
    {
        var world = World.Of("host1@az1").Apply(
            Specs.Service("solver", 1), Specs.Service("old", 1) with { Uses = [new UseSpec(Solver, "127.0.0.1", 9981)] });
        var applied = world.State.Applied!;
        var routed = world with
        {
            State = world.State with
            {
                Applied = applied with
                {
                    Spec = applied.Spec with { Routes = [new RouteSpec { Path = "/solve", Service = Solver }] },
                },
            },
        };
        Assert.Equal(["old", "route /solve"], Of(routed).Users.Select(u => u.Client));
        Assert.All(Of(routed).Users, u => Assert.True(u.Now));
    }

    [Fact]
    public void Its_own_instances_and_other_services_clients_do_not_count() => Assert.Empty(Of(
        World.Of("host1@az1"), Kept(Follows("solver.1")), Kept(Follows("web.0") with { Service = new("other") })).Users);

    [Theory]
    [InlineData(true, 0, true)]
    [InlineData(true, 120, true)]
    [InlineData(true, 121, false)]      // its agent has forgotten it
    [InlineData(false, 0, false)]
    public void It_uses_the_service_now_while_its_agent_says_so(bool open, int heardMinutesAgo, bool now)
    {
        var kept = Kept(Follows("web.0") with { Open = open, Last = Now.AddHours(-3) });
        var user = Assert.Single(Of(World.Of("host1@az1"), kept with { Heard = Now.AddMinutes(-heardMinutesAgo) }).Users);
        Assert.Equal((now, now ? Now : Now.AddHours(-3)), (user.Now, user.LastSeen));
    }

    [Fact]
    public void What_went_on_when_its_host_fell_silent_was_seen_until_then_and_may_go_on()
    {
        var world = World.Of("host1@az1").Silence("host1");
        var kept = Kept(Follows("web.0") with { Last = Now.AddHours(-1) });
        var later = UseView.Of(world.State, Solver, [kept], [new HostWatch(Host1, Now)], [], Now.AddHours(5));
        var user = Assert.Single(later.Users);
        Assert.Equal((false, Now), (user.Now, user.LastSeen));
        Assert.Contains("it may still", user.Proofs[0].Text, StringComparison.Ordinal);
        Assert.Equal(new PartlyWatchedHost(Host1), Assert.Single(later.Gaps));
    }

    [Fact]
    public void After_31_days_a_client_is_forgotten()
    {
        var old = Kept(Follows("web.0") with { Open = false, Last = Now - UseBook.KeptFor });
        Assert.Single(Of(World.Of("host1@az1"), old).Users);
        Assert.Empty(Of(World.Of("host1@az1"), old with
        {
            Sighting = old.Sighting with { Last = old.Sighting.Last.AddTicks(-1) },
        }).Users);
    }

    [Fact]
    public void An_address_is_nobody_new_when_its_host_knows_the_process()
    {
        var world = World.Of("host1@az1");   // its address is 127.0.0.1
        var far = Kept(new UseSighting
        {
            Service = Solver, Evidence = UseEvidence.ConnectedFrom, Address = "127.0.0.1", First = Now, Last = Now, Open = true,
        }) with { Host = new HostId("host2") };
        var process = Kept(Follows("web.0") with { Evidence = UseEvidence.Connected });
        Assert.Equal("web.0", Assert.Single(Of(world, far, process).Users).Client);
        var unknown = Assert.Single(Of(world, far).Users);
        Assert.Equal(("a process that was not found", Host1), (unknown.Client, unknown.Host!.Value));
        var elsewhere = Assert.Single(Of(world, far with { Sighting = far.Sighting with { Address = "10.9.9.9" } }).Users);
        Assert.Equal(("10.9.9.9", null), (elsewhere.Client, elsewhere.Host));
    }

    [Fact]
    public void How_long_it_was_watched_is_never_more_than_was_watched()
    {
        var world = World.Of("host1@az1", "host2@az1", "host3@az1");
        ImmutableArray<HostWatch> watches = [new(Host1, Now.AddHours(-2)), new(new HostId("host2"), Now.AddHours(-1))];
        var users = UseView.Of(world.State, Solver, [], watches, [], Now);
        Assert.Equal(Now.AddHours(-2), users.Since);
        Assert.Equal(
            [("host2", Now.AddHours(-1)), ("host3", (DateTimeOffset?)null)], users.Gaps.Select(g => (g.Host.Value, g.Since)));
        Assert.Equal(Now - UseBook.KeptFor, UseView.Of(
            world.State, Solver, [], [new HostWatch(Host1, Now.AddDays(-90))], [], Now).Since);
        Assert.Null(UseView.Of(world.State, Solver, [], [], [], Now).Since);
    }

    [Fact]
    public void A_host_that_follows_and_does_not_say_for_whom_counts()
    {
        var world = World.Of("host1@az1");
        Assert.True(Assert.Single(UseView.Of(world.State, Solver, [], [], [Host1], Now).Users).Now);
        Assert.Empty(UseView.Of(world.State, Solver, [], [new HostWatch(Host1, Now)], [Host1], Now).Users);
    }

    private static ServiceUsers Of(World world, params KeptSighting[] kept) =>
        UseView.Of(world.State, Solver, [.. kept], [new HostWatch(Host1, Now)], [], Now);

    private static KeptSighting Kept(UseSighting sighting) => new(Host1, sighting, Now);

    private static UseSighting Follows(string instance) => new()
    {
        Service = Solver, Evidence = UseEvidence.Follows, Instance = InstanceId.Parse(instance), Pid = 7,
        First = Now.AddDays(-40), Last = Now, Open = true,
    };
}
