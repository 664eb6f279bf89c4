using Zurg.Cli.Client;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Cli.Client;

public sealed class LogOrderTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ManualTime _time = new();

    [Fact]
    public void A_line_waits_a_moment_for_earlier_ones_of_slower_hosts_and_no_longer()
    {
        var order = new LogOrder(_time);
        Assert.Null(order.DueIn);
        order.Add(Line("web.0", "second", 2));
        _time.Advance(LogOrder.Straggle / 2);
        Assert.Equal(LogOrder.Straggle / 2, order.DueIn);
        Assert.Empty(order.Due(alone: false));
        order.Add(Line("web.1", "first", 1));
        order.Add(Line("web.1", "third", 3));
        _time.Advance(LogOrder.Straggle / 2);
        Assert.Equal(["first", "second"], order.Due(alone: false).Select(l => l.Text));
        Assert.Empty(order.Due(alone: false));
        order.Add(Line("web.0", "much too late", 1));
        _time.Advance(LogOrder.Straggle);
        Assert.Equal(["much too late", "third"], order.Due(alone: false).Select(l => l.Text));
        Assert.Null(order.DueIn);
    }

    [Fact]
    public void A_log_alone_waits_for_nothing_and_a_flood_is_not_held()
    {
        var order = new LogOrder(_time);
        order.Add(Line("web.0", "a", 1));
        Assert.Single(order.Due(alone: true));
        for (var i = 0; i <= LogOrder.HeldMax; i++)
        {
            order.Add(Line("web.0", "b", 1));
        }

        Assert.Equal(LogOrder.HeldMax + 1, order.Due(alone: false).Length);
    }

    private static LogLine Line(string instance, string text, int second) =>
        new(InstanceId.Parse(instance), text, Noon.AddSeconds(second));
}
