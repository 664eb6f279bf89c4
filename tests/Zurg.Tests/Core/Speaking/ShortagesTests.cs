using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.SpeakerWords;

namespace Zurg.Tests.Core.Speaking;

public sealed class ShortagesTests
{
    private static readonly DateTimeOffset Noon = World.Noon;

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

        var commit = Step(state, new SpeakerInput.ClusterChanged(state.Cluster with { Applied = applied }, state.Naming));

        Assert.Single(Assert.Single(commit.Facts).Lows);
        Assert.Single(commit.Events);
    }

    [Fact]
    public void A_new_spec_judges_no_more_of_a_reading_than_the_reading_itself_was_judged_by()
    {
        var low = HostSamples.Measures(disk: 1L << 30);
        var many = low with
        {
            FileSystems = [.. Enumerable.Range(0, 100).Select(i => low.FileSystems[0] with { Mount = $"/m{i}" })],
        };
        var state = Step(Reported(), new SpeakerInput.Measured(Host1, many)).State;
        var applied = state.Cluster.Applied! with { Author = "bob" };

        Assert.Empty(Step(
            state, new SpeakerInput.ClusterChanged(state.Cluster with { Applied = applied }, state.Naming)).Events);
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
}
