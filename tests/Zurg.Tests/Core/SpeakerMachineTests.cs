using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core;

public sealed class SpeakerMachineTests
{
    private static readonly HostId Host1 = new("host1");
    private static readonly DateTimeOffset Noon = World.Noon;

    private static World Running => World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();

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
        var fewer = Step(connected.State, new SpeakerInput.ClusterChanged(Running.State));
        Assert.Single(Assert.Single(fewer.Assignments).Instances);
        Assert.Empty(fewer.Events);
    }

    [Fact]
    public void A_connected_host_is_told_what_changed_and_nothing_else()
    {
        var world = Running;
        var connected = Step(Hearing(world), new SpeakerInput.Connected(Host1, Describe())).State;

        var same = Step(connected, new SpeakerInput.ClusterChanged(world.Join("host3@az3").State));
        Assert.Empty(same.Assignments);

        var renumbered = Step(same.State, new SpeakerInput.ClusterChanged(world.Apply(Specs.Service("web", 2)).State));
        Assert.Empty(renumbered.Assignments);

        var changed = world.Apply(Specs.Service("web", 2, "2.0"));
        changed = changed.Commit(changed.Plan());
        var told = Step(renumbered.State, new SpeakerInput.ClusterChanged(changed.State));
        Assert.Equal("2.0", Assert.Single(told.Assignments).Instances[0].Spec.Release.Version.Value);
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

        var told = Step(connected, new SpeakerInput.ClusterChanged(world.Join("host2@az2").State));
        Assert.Equal(["host1", "host2"], Assert.Single(told.Assignments).Hosts.Select(h => h.Host.Value));

        // What a host reports of its instances is no news to the others.
        Assert.Empty(Step(told.State, new SpeakerInput.ClusterChanged(world.Join("host2@az2").Run().State)).Assignments);
    }

    [Fact]
    public void A_host_without_a_session_is_told_nothing()
    {
        var world = Running;
        var changed = world.Apply(Specs.Service("web", 2, "2.0"));

        Assert.Empty(Step(Hearing(world), new SpeakerInput.ClusterChanged(changed.Commit(changed.Plan()).State)).Assignments);
    }

    [Fact]
    public void A_report_that_says_nothing_new_writes_nothing()
    {
        var state = Step(Hearing(Running), new SpeakerInput.Connected(Host1, Describe())).State;
        var report = Report(1);

        var first = Step(state, new SpeakerInput.Reported(Host1, report));
        var second = Step(first.State, new SpeakerInput.Reported(Host1, report with { Number = 2 }));

        Assert.Single(first.Facts);
        Assert.Empty(second.Facts);
    }

    [Fact]
    public void A_report_before_any_hello_is_nobodys() =>
        Assert.Empty(Step(SpeakerState.Empty, new SpeakerInput.Reported(Host1, Report(1))).Facts);

    [Fact]
    public void Silence_counts_from_the_last_report_and_not_from_the_cut()
    {
        var state = Step(Hearing(Running), new SpeakerInput.Connected(Host1, Describe())).State;
        state = Step(state, new SpeakerInput.Reported(Host1, Report(1))).State;
        state = Step(state, new SpeakerInput.Disconnected(Host1)).State;

        Assert.Empty(Step(state, new SpeakerInput.Tick(), Noon + TimeSpan.FromSeconds(4.9)).Facts);
        var silent = Step(state, new SpeakerInput.Tick(), Noon + SpeakerMachine.SilentAfter);
        var facts = silent.Facts.Single(f => f.Host == Host1);
        Assert.Equal(HostSession.Silent, facts.Session);
        Assert.Contains(silent.Events, e => e.Kind == EventKind.HostSilent && e.Text == "host1 is silent: no report for 5 s");
        Assert.Empty(Step(silent.State, new SpeakerInput.Tick(), Noon + TimeSpan.FromSeconds(60)).Facts);
    }

    [Fact]
    public void A_new_speaker_gives_the_hosts_it_finds_time_to_find_it()
    {
        var state = Step(SpeakerState.Empty, new SpeakerInput.ClusterChanged(Running.State), Noon + TimeSpan.FromHours(1)).State;

        Assert.Empty(Step(state, new SpeakerInput.Tick(), Noon + TimeSpan.FromHours(1) + TimeSpan.FromSeconds(4)).Facts);
        Assert.Equal(
            2, Step(state, new SpeakerInput.Tick(), Noon + TimeSpan.FromHours(1) + TimeSpan.FromSeconds(5)).Facts.Length);
    }

    [Fact]
    public void A_host_that_speaks_again_is_connected_by_its_report()
    {
        var state = Hearing(Running.Silence("host1"));
        state = Step(state, new SpeakerInput.Connected(Host1, Describe())).State;
        Assert.Equal(HostSession.Silent, state.Hosts[Host1].Session);

        var back = Step(state, new SpeakerInput.Reported(Host1, Report(1)));
        Assert.Equal(HostSession.Connected, Assert.Single(back.Facts).Session);
        Assert.Contains(back.Events, e => e.Kind == EventKind.HostConnected);
    }

    [Fact]
    public void Events_are_kept_once_and_acknowledged_each_time()
    {
        var state = Step(Hearing(Running), new SpeakerInput.Connected(Host1, Describe())).State;
        var report = Report(1) with { Events = [Event(7), Event(8)] };

        var first = Step(state, new SpeakerInput.Reported(Host1, report));
        var second = Step(
            first.State, new SpeakerInput.Reported(Host1, report with { Number = 2, Events = [Event(8), Event(9)] }));

        Assert.Equal([7L, 8L], Assert.Single(first.Kept).Events.Select(e => e.Id));
        Assert.Equal([9L], Assert.Single(second.Kept).Events.Select(e => e.Id));
        Assert.Equal(9, second.Kept[0].UpTo);
    }

    [Fact]
    public void Readings_are_no_facts_but_what_a_host_is_short_of_is_until_it_has_room_again()
    {
        var state = Reported();

        var roomy = Step(state, new SpeakerInput.Measured(Host1, HostSamples.Measures()));
        var low = Step(roomy.State, new SpeakerInput.Measured(Host1, HostSamples.Measures(disk: 1L << 30)));
        var still = Step(low.State, new SpeakerInput.Measured(Host1, HostSamples.Measures(disk: (1L << 30) - 1)));
        var again = Step(still.State, new SpeakerInput.Measured(Host1, HostSamples.Measures()));

        Assert.Empty(roomy.Facts);
        Assert.Equal(HostSamples.Measures().At, roomy.State.Hosts[Host1].Measures!.At);
        Assert.Equal("/var", Assert.Single(Assert.Single(low.Facts).Lows).Mount);
        Assert.Equal(EventKind.HostLow, Assert.Single(low.Events).Kind);
        Assert.Empty(still.Facts);
        Assert.Empty(still.Events);
        Assert.Empty(Assert.Single(again.Facts).Lows);
        Assert.Equal("host1 has enough disk on /var again", Assert.Single(again.Events).Text);
    }

    [Fact]
    public void A_new_reserve_counts_at_once_for_the_readings_that_are_there()
    {
        var state = Step(Reported(), new SpeakerInput.Measured(Host1, HostSamples.Measures())).State;
        var applied = state.Cluster.Applied! with
        {
            Spec = state.Cluster.Applied.Spec with
            {
                Reserve = new ReserveSpec(new FreeLimit(Percent: 60), new FreeLimit(Percent: 5)),
            },
        };

        var commit = Step(state, new SpeakerInput.ClusterChanged(state.Cluster with { Applied = applied }));

        Assert.Single(Assert.Single(commit.Facts).Lows);
        Assert.Single(commit.Events);
    }

    [Fact]
    public void The_next_speaker_knows_what_a_host_is_short_of()
    {
        var facts = Step(Reported(), new SpeakerInput.Measured(Host1, HostSamples.Measures(disk: 1L << 30))).Facts[0];
        var next = Hearing(Running.Put(StoreKeys.Facts(Host1), facts, WireJson.Default.HostFacts));

        Assert.Single(next.Hosts[Host1].Lows);
        var same = Step(Step(next, new SpeakerInput.Connected(Host1, Describe())).State,
            new SpeakerInput.Measured(Host1, HostSamples.Measures(disk: 1L << 30)));
        Assert.Empty(same.Facts);
    }

    [Fact]
    public void What_a_host_is_short_of_is_forgotten_when_its_agent_measures_no_more_and_no_sooner()
    {
        var state = Step(Reported(), new SpeakerInput.Measured(Host1, HostSamples.Measures(disk: 1L << 30))).State;
        var still = Step(state, new SpeakerInput.Reported(Host1, Report(2)), Noon + TimeSpan.FromMinutes(4.9));
        still = Step(still.State, new SpeakerInput.Tick(), Noon + TimeSpan.FromMinutes(4.9));
        Assert.DoesNotContain(still.Facts, f => f.Host == Host1);

        var heard = Step(still.State, new SpeakerInput.Reported(Host1, Report(3)), Noon + TimeSpan.FromMinutes(5)).State;
        var forgotten = Step(heard, new SpeakerInput.Tick(), Noon + TimeSpan.FromMinutes(5));

        Assert.Empty(Assert.Single(forgotten.Facts, f => f.Host == Host1).Lows);
        var told = forgotten.Events.Single(e => e.Host == Host1);
        Assert.Contains("nobody knows whether it still is", told.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Step(forgotten.State, new SpeakerInput.Tick(), Noon + TimeSpan.FromMinutes(5)).Events, e => e.Host == Host1);
    }

    private static SpeakerState Reported()
    {
        var state = Step(Hearing(Running), new SpeakerInput.Connected(Host1, Describe())).State;
        return Step(state, new SpeakerInput.Reported(Host1, Report(1))).State;
    }

    private static SpeakerState Hearing(World world) =>
        Step(SpeakerState.Empty, new SpeakerInput.ClusterChanged(world.State)).State;

    private static SpeakerCommit Step(SpeakerState state, SpeakerInput input, DateTimeOffset? now = null) =>
        SpeakerMachine.Step(state, input, now ?? Noon);

    private static HostDescription Describe() => World.Of("host1@az1").State.Facts[Host1].Description;

    private static HostReport Report(long number) =>
        new() { Number = number, Applied = new Generation(5), Instances = ImmutableArray<InstanceStatus>.Empty };

    private static EventRecord Event(long id) => new() { Id = id, At = Noon, Kind = EventKind.InstanceStarted, Text = "started" };
}
