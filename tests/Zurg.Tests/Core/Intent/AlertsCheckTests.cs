using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class AlertsCheckTests
{
    [Fact]
    public void What_is_written_is_filled_and_the_rest_is_the_usual()
    {
        var alerts = Defaults.Fill(Draft(new AlertsDraft
        {
            Webhook = [new ReceiverDraft { Url = "https://a.example/x", TokenFile = "/t" }],
            Alertmanager = [new ReceiverDraft { Url = "http://127.0.0.1:9093" }],
            HoldAfter = "30m",
        })).Alerts!;

        Assert.Equal(
            [new AlertReceiver(ReceiverKind.Webhook, "https://a.example/x", "/t"),
                new AlertReceiver(ReceiverKind.Alertmanager, "http://127.0.0.1:9093")],
            alerts.Receivers.AsEnumerable());
        Assert.Equal((TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(1), 5),
            (alerts.HoldAfter, alerts.SilentAfter, alerts.Crashes));
    }

    [Theory]
    [InlineData(null, "alerts.webhook[0].url | it has no url")]
    [InlineData("hooks.example.org", "alerts.webhook[0].url | it is no http or https URL")]
    [InlineData("ftp://a.example/", "alerts.webhook[0].url | it is no http or https URL")]
    [InlineData("https://me:SECRET@a.example/", "alerts.webhook[0].url | it holds a user name or a password")]
    public void A_receiver_that_cannot_be_told_is_refused_and_its_secret_not_repeated(string? url, string problem)
    {
        var draft = Draft(new AlertsDraft { Webhook = [new ReceiverDraft { Url = url }] });
        var found = Assert.Single(Drafts.ProblemsOf(draft));
        Assert.StartsWith(problem, found, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", found, StringComparison.Ordinal);
    }

    [Fact]
    public void Times_and_counts_have_limits() =>
        Assert.Equal(
            ["alerts.hold_after | '10' is no duration", "alerts.silent_after | '0s' is out of range",
                "alerts.crashes | 0 is out of range"],
            Drafts.ProblemsOf(Draft(new AlertsDraft { HoldAfter = "10", SilentAfter = "0s", Crashes = 0 }))
                .Select(p => string.Join(" | ", p.Split(" | ")[..2])));

    [Fact]
    public void A_diff_tells_of_a_new_receiver_without_its_secrets()
    {
        var after = Defaults.Fill(Draft(new AlertsDraft
        {
            Webhook = [new ReceiverDraft { Url = "https://a.example/SECRET" }], Crashes = 3,
        }));

        var changes = SpecDiff.Between(Defaults.Fill(new ClusterDraft()), after, []);

        Assert.Equal(["3", "https://a.example/..."], changes.Select(c => c.After).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(changes, c => c.ToString().Contains("SECRET", StringComparison.Ordinal));
    }

    private static ClusterDraft Draft(AlertsDraft alerts) => new() { Alerts = alerts };
}
