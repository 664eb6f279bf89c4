using Zurg.Cli.Rendering;
using Zurg.Cli.Verbs;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Cli.Verbs;

public sealed class AlertsVerbTests
{
    [Theory]
    [InlineData("")]
    [InlineData("--json")]
    [InlineData("test")]
    [InlineData("test --json")]
    public void The_verb_is_whole_alone_and_with_test_behind_it(string arguments) =>
        Assert.Empty(new AlertsVerb().Parse(arguments).Errors);

    [Fact]
    public void What_fires_what_is_over_and_who_does_not_listen_is_shown()
    {
        var now = World.Noon + TimeSpan.FromMinutes(5);
        var alert = new Alert
        {
            Key = "k", Kind = AlertKind.HostLow, Text = "host1: low", Mend = "free some", Since = World.Noon,
            FiredAt = World.Noon, Number = 1,
        };
        var text = PlainView.TextOf(AlertView.Of(
            new AlertStatus
            {
                Alerts = [alert, alert with { ResolvedAt = now - TimeSpan.FromSeconds(30) }],
                Receivers =
                [
                    new ReceiverStatus
                    {
                        Id = "webhook-1", Kind = ReceiverKind.Webhook, Url = "https://a/...", Waiting = 2, Told = 0,
                        Failure = "it answered 500", NextTry = now + TimeSpan.FromSeconds(64),
                    },
                ],
            }, now));

        Assert.Contains("fires for 5m  host_low  host1: low", text, StringComparison.Ordinal);
        Assert.Contains("over for 30s  host_low", text, StringComparison.Ordinal);
        Assert.Contains("2        -          it answered 500, again in 64s", text, StringComparison.Ordinal);
        Assert.Contains("nobody is told", PlainView.TextOf(AlertView.Of(new AlertStatus(), now)), StringComparison.Ordinal);
    }
}
