using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Alerts;

public sealed class ReceiverNamesTests
{
    [Theory]
    [InlineData("https://hooks.example.org/services/T0/SECRET?key=SECRET", "https://hooks.example.org/...")]
    [InlineData("http://127.0.0.1:9093", "http://127.0.0.1:9093")]
    [InlineData("http://127.0.0.1:9093/?k=SECRET", "http://127.0.0.1:9093/...")]
    public void Only_scheme_host_and_port_are_shown(string url, string shown) =>
        Assert.Equal(shown, ReceiverNames.Shown(new AlertReceiver(ReceiverKind.Webhook, url)));

    [Fact]
    public void A_receiver_has_the_same_name_for_the_same_url_and_the_name_does_not_hold_it()
    {
        var one = ReceiverNames.IdOf(new AlertReceiver(ReceiverKind.Webhook, "https://a.example/SECRET"));
        Assert.Equal(one, ReceiverNames.IdOf(new AlertReceiver(ReceiverKind.Webhook, "https://a.example/SECRET", "token")));
        Assert.NotEqual(one, ReceiverNames.IdOf(new AlertReceiver(ReceiverKind.Webhook, "https://a.example/OTHER")));
        Assert.DoesNotContain("SECRET", one, StringComparison.Ordinal);
    }
}
