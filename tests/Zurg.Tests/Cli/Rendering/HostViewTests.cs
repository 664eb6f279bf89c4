using Zurg.Cli.Rendering;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Cli.Rendering;

public sealed class HostViewTests
{
    private static readonly HostStatus Host =
        Zurg.Core.StatusView.HostsOf(World.Of("host1@az1 disk=ssd").Low("host1", "low on disk on /: 1 GiB").State)[0];

    [Fact]
    public void All_hosts_are_a_line_each_with_what_is_free_and_what_is_short()
    {
        var text = PlainView.TextOf(HostView.Of([Host with { Measures = HostSamples.Measures() }], World.Noon));

        Assert.Contains("0/0    25% of 2  0.50  4.0 GiB of 8.0 GiB", text, StringComparison.Ordinal);
        Assert.Contains("50 GiB of 100 GiB on /var", text, StringComparison.Ordinal);
        Assert.EndsWith("host1: low on disk on /: 1 GiB; it gets no new instance\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void One_host_is_shown_with_everything_that_it_measured()
    {
        var text = PlainView.TextOf(HostView.Of(Host with { Measures = HostSamples.Measures() }, World.Noon));

        foreach (var part in (string[])
        [
            "12 of 10000 segments sent again (0.12%), 3 listen drops", "600 of 100000 open", "tsc, synchronised, 0.2 ms off",
            "cpu 2% of the last 10 s waited", "inodes 90% free (agent, logs)", "web.0     64 MiB  12s",
        ])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_host_that_has_not_been_read_yet_says_so() =>
        Assert.Contains("no reading", PlainView.TextOf(HostView.Of(Host, World.Noon)), StringComparison.Ordinal);

    [Fact]
    public void A_drained_host_says_so_with_who_and_why()
    {
        var drained = Host with
        {
            Drained = new HostIntent
            {
                Host = Host.Host, Drained = true, At = World.Noon.AddMinutes(-5), By = "ann", Why = "new disks",
            },
        };
        Assert.Contains(
            "by ann 5m ago: new disks; it gets nothing new until zurg undrain host1",
            PlainView.TextOf(HostView.Of(drained, World.Noon)), StringComparison.Ordinal);
        Assert.Equal("connected, drained", StatusView.SessionOf(drained).Text);
        Assert.Equal("connected, draining", StatusView.SessionOf(drained with { Instances = 1 }).Text);
    }
}
