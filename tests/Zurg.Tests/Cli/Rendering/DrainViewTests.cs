using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Rendering;

public sealed class DrainViewTests
{
    private static readonly HostId Host1 = new("host1");

    private static readonly ClusterStatus Status = Rollouts.Status(
        null,
        new Hold(HoldReason.WaitsForDrain, "web.0 waits for edge") { Instance = InstanceId.Parse("web.0"), Host = Host1 },
        new Hold(HoldReason.NoRoomForSpare, "a spare of web fits nowhere") { Service = Rollouts.Web },
        new Hold(HoldReason.Baking, "not about it") { Service = new ServiceName("other") });

    [Fact]
    public void What_is_left_on_the_host_is_shown_with_what_it_waits_for()
    {
        var text = PlainView.TextOf(DrainView.Of(Status, Host1, Rollouts.Now));
        Assert.StartsWith("host1  2 instances left\n", text, StringComparison.Ordinal);
        Assert.Contains("waits for edge", text, StringComparison.Ordinal);
        Assert.Contains("fits nowhere", text, StringComparison.Ordinal);
        Assert.DoesNotContain("not about it", text, StringComparison.Ordinal);
        Assert.Equal("host2  empty\n", PlainView.TextOf(DrainView.Of(Status, new HostId("host2"), Rollouts.Now)));
    }

    [Fact]
    public void A_pipe_gets_a_line_for_the_rest_and_for_each_hold()
    {
        Assert.Equal(
            [
                "host1: 2 left: web.0, web.1", "web.0 on host1: waits_for_drain  web.0 waits for edge",
                "web: no_room_for_spare  a spare of web fits nowhere",
            ],
            DrainView.Changes(Status, Host1).AsEnumerable());
        Assert.Empty(DrainView.Changes(Status, new HostId("host2")));
    }
}
