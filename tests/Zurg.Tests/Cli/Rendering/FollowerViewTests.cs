using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Rendering;

public sealed class FollowerViewTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_000);

    [Fact]
    public void Who_is_late_is_shown_with_its_consumers_before_those_who_are_not() => Assert.Equal(
        """
        consumers of web on 4 hosts: 2 behind revision 42
          host9 has not said what it uses, silent
          host2 uses revision 40
            job.0 (process 17) uses revision 40, told of a newer one 3s ago
          use it: host1, host3

        """,
        Text(
            new ServiceFollower(new HostId("host1"), HostSession.Connected, new Revision(42)),
            new ServiceFollower(new HostId("host2"), HostSession.Connected, new Revision(40))
            {
                Late = [new LateSubscriber("job.0 (process 17)", new Revision(40), Now - TimeSpan.FromSeconds(3))],
            },
            new ServiceFollower(new HostId("host3"), HostSession.Connected, new Revision(43)),
            new ServiceFollower(new HostId("host9"), HostSession.Silent)));

    [Fact]
    public void A_service_without_consumers_says_so()
    {
        Assert.Equal("nobody follows web: no consumer is waited for\n", Text());
        var current = Text(new ServiceFollower(new HostId("host1"), HostSession.Connected, new Revision(42)));
        Assert.Equal("consumers of web on 1 host: all use revision 42\n  use it: host1\n", current);
    }

    [Fact]
    public void A_fleet_is_counted_and_not_listed()
    {
        var hosts = Enumerable.Range(100, 60).Select(i => new HostId($"host{i}")).ToArray();

        var text = Text([
            .. hosts[..30].Select(h => new ServiceFollower(h, HostSession.Connected)),
            .. hosts[30..].Select(h => new ServiceFollower(h, HostSession.Connected, new Revision(42))),
        ]);

        Assert.Contains("  and 10 more\n", text, StringComparison.Ordinal);
        Assert.Contains("host149 and 10 more\n", text, StringComparison.Ordinal);
    }

    private static string Text(params ServiceFollower[] followers)
    {
        var web = new ServiceName("web");
        var explained = new ServiceExplanation
        {
            Status = new ServiceStatus { Service = web, Release = null, Wanted = 0, Ready = 0, Stopped = false },
            Endpoints = new EndpointSet { Service = web, Revision = new Revision(42) },
            Followers = [.. followers],
        };
        return PlainView.TextOf(FollowerView.Of(explained, Now));
    }
}
