using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Speaking;

public sealed class SpeakerStateTests
{
    private static HostFacts Facts =>
        World.Of("host1@az1 disk=ssd").Apply(Specs.Service("web", 1)).Settle().State.Facts.Values.Single() with
    {
        Follows = [new ServiceName("db")],
        Applied = new Generation(4),
    };

    [Fact]
    public void What_the_store_says_of_a_host_comes_back_as_it_was_and_counts_as_written()
    {
        var host = SpokenHost.Of(Facts, World.Noon);

        Assert.Equal(SpokenHost.DigestOf(Facts), SpokenHost.DigestOf(host.FactsOf()!));
        Assert.Equal(SpokenHost.DigestOf(Facts), host.Written);
        Assert.False(host.IsConnected);
        Assert.NotEqual(host.Written, SpokenHost.DigestOf(Facts with { Session = HostSession.Silent }));
    }

    [Fact]
    public void Nothing_is_said_of_a_host_before_it_has_said_who_it_is_and_what_it_runs()
    {
        var fresh = SpokenHost.New(new HostId("host1"), World.Noon);
        Assert.Null(fresh.FactsOf());
        Assert.Null((fresh with { Description = Facts.Description }).FactsOf());
        Assert.Null((fresh with { Session = HostSession.Connected }).FactsOf());
        Assert.NotNull((fresh with { Description = Facts.Description, Session = HostSession.Connected }).FactsOf());
    }

    [Fact]
    public void A_host_replaces_what_was_known_of_it()
    {
        var state = SpeakerState.Empty.With(SpokenHost.Of(Facts, World.Noon));
        state = state.With(state.Hosts.Values.Single() with { IsConnected = true });

        Assert.True(Assert.Single(state.Hosts).Value.IsConnected);
    }
}
