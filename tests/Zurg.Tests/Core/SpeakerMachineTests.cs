using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.SpeakerWords;

namespace Zurg.Tests.Core;

public sealed class SpeakerMachineTests
{
    private static readonly DateTimeOffset Noon = World.Noon;

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
        var state = Step(SpeakerState.Empty, Changed(Running), Noon + TimeSpan.FromHours(1)).State;

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

    private static EventRecord Event(long id) => new() { Id = id, At = Noon, Kind = EventKind.InstanceStarted, Text = "started" };
}
