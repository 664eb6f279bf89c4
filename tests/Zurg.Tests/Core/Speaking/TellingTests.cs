using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.SpeakerWords;

namespace Zurg.Tests.Core.Speaking;

public sealed class TellingTests
{
    [Fact]
    public void A_host_that_connects_is_told_the_whole_truth_each_time()
    {
        var state = Hearing(Running);

        var first = Step(state, new SpeakerInput.Connected(Host1, Describe()));
        var again = Step(first.State, new SpeakerInput.Connected(Host1, Describe()));

        Assert.Equal("web.0", Assert.Single(Assert.Single(first.Assignments).Instances).Instance.Value);
        Assert.Single(again.Assignments);
    }

    [Fact]
    public void Only_a_host_that_connects_is_told_what_of_it_was_ready()
    {
        var world = Running;
        var first = Step(Hearing(world), new SpeakerInput.Connected(Host1, Describe()));
        var status = world.State.Facts[Host1].Instances.Single();
        Assert.Equal(
            new ReadyIncarnation(status.Instance, status.Incarnation), Assert.Single(Assert.Single(first.Assignments).Ready));

        // What is ready changes all the time: that alone is no news to its host.
        var down = status with { Phase = InstancePhase.Starting, Healthy = false };
        var report = Report(1) with { Instances = [down] };
        var reported = Step(first.State, new SpeakerInput.Reported(Host1, report));
        Assert.Empty(reported.Assignments);
        Assert.Empty(Assert.Single(Step(reported.State, new SpeakerInput.Connected(Host1, Describe())).Assignments).Ready);
        var changed = world.Apply(Specs.Service("web", 2, "2.0")).Drain();
        Assert.Empty(Assert.Single(Step(first.State, Changed(changed.Commit(changed.Plan()))).Assignments).Ready);
    }

    [Fact]
    public void What_no_session_can_carry_is_not_said_and_people_are_told_once()
    {
        var service = Specs.Service("web", 100);
        var env = ImmutableSortedDictionary<string, string>.Empty.Add("BIG", new string('x', 50_000));
        var world = World.Of("host1@az1").Apply(service with { Instance = service.Instance with { Env = env } });
        world = world.Commit(world.Plan());
        var connected = Step(Hearing(world), new SpeakerInput.Connected(Host1, Describe()));
        Assert.Empty(connected.Assignments);
        var told = Assert.Single(connected.Events);
        Assert.Equal(EventKind.AssignmentTooLarge, told.Kind);
        Assert.Contains("100 instances take 5", told.Text, StringComparison.Ordinal);
        Assert.Empty(Step(connected.State, new SpeakerInput.Connected(Host1, Describe())).Events);

        // With fewer of them it is said again.
        var fewer = Step(connected.State, Changed(Running));
        Assert.Single(Assert.Single(fewer.Assignments).Instances);
        Assert.Empty(fewer.Events);
    }

    [Fact]
    public void A_connected_host_is_told_what_changed_and_nothing_else()
    {
        var world = Running;
        var connected = Step(Hearing(world), new SpeakerInput.Connected(Host1, Describe())).State;

        var same = Step(connected, Changed(world.Join("host3@az3")));
        Assert.Empty(same.Assignments);

        var renumbered = Step(same.State, Changed(world.Apply(Specs.Service("web", 2))));
        Assert.Empty(renumbered.Assignments);

        var changed = world.Apply(Specs.Service("web", 2, "2.0")).Drain();
        changed = changed.Commit(changed.Plan());
        var told = Step(renumbered.State, Changed(changed));
        Assert.Equal("2.0", Assert.Single(told.Assignments).Instances[0].Spec.Release.Version.Value);
    }

    [Fact]
    public void A_host_is_told_what_a_rollout_brings_next_and_later_words_are_never_older()
    {
        var world = Running;
        var connected = Step(Hearing(world), new SpeakerInput.Connected(Host1, Describe())).State;
        var begun = world.Apply(Specs.Service("web", 2, "2.0"));
        begun = begun.Commit(begun.Plan() with { Placements = [] });
        var told = Step(connected, Changed(begun));
        var next = Assert.Single(told.Assignments);
        Assert.Equal(("1.0", "2.0"), (
            next.Instances[0].Spec.Release.Version.Value, next.Instances[0].Next?.Spec.Release.Version.Value));

        // The rollout is called off before anything was placed by it.
        var off = begun.Apply(Specs.Service("web", 2));
        off = off.Commit(off.Plan() with { Placements = [] });
        var after = Assert.Single(Step(told.State, Changed(off)).Assignments);
        Assert.Null(after.Instances[0].Next);
        Assert.True(after.Generation > next.Generation);
    }

    [Fact]
    public void A_host_whose_templates_may_name_hosts_is_told_of_one_that_joins()
    {
        var service = Specs.Service("web", 1);
        var world = World.Of("host1@az1").Apply(service with
        {
            Instance = service.Instance with { Templates = [new TemplateSpec("a", "b", TemplateThen.Nothing)] },
        }).Settle();
        var connected = Step(Hearing(world), new SpeakerInput.Connected(Host1, Describe())).State;

        var told = Step(connected, Changed(world.Join("host2@az2")));
        Assert.Equal(["host1", "host2"], Assert.Single(told.Assignments).Hosts.Select(h => h.Host.Value));

        // What a host reports of its instances is no news to the others.
        Assert.Empty(Step(told.State, Changed(world.Join("host2@az2").Run())).Assignments);
    }

    [Fact]
    public void A_host_without_a_session_is_told_nothing()
    {
        var world = Running;
        var changed = world.Apply(Specs.Service("web", 2, "2.0")).Drain();

        Assert.Empty(Step(Hearing(world), Changed(changed.Commit(changed.Plan()))).Assignments);
    }
}
