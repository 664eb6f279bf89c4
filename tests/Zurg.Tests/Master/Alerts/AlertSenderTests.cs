using Zurg.Master.Alerts;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Master.Alerts;

public sealed class AlertSenderTests : IAsyncLifetime
{
    private static readonly Alert Low = new()
    {
        Key = "host_low/host1/disk:/",
        Kind = AlertKind.HostLow,
        Text = "host1: low on disk",
        Mend = "free some",
        Host = new HostId("host1"),
        Since = World.Noon,
        FiredAt = World.Noon + TimeSpan.FromSeconds(1),
        Number = 7,
    };

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false });
    private FakeReceiver _receiver = null!;

    public async Task InitializeAsync() => _receiver = await FakeReceiver.StartAsync();

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_webhook_gets_one_change_with_its_number_and_the_token_of_the_file()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["token"], "s3cret\n");
        var hook = new AlertReceiver(ReceiverKind.Webhook, new Uri(_receiver.Url, "/x?k=1").ToString(), directory["token"]);

        Assert.Null((await Sender(TimeProvider.System).NotifyAsync(hook, "demo", Low, default)).Problem);

        var (path, token, body) = Assert.Single(_receiver.Requests);
        Assert.Equal(("/x", "Bearer s3cret"), (path, token));
        Assert.Equal(
            (7, "firing", "demo", "host_low"),
            (body.GetProperty("number").GetInt32(), body.GetProperty("status").GetString(),
                body.GetProperty("cluster").GetString(), body.GetProperty("alert").GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task Alertmanager_gets_what_fires_with_an_end_ahead_and_what_is_over_with_its_own()
    {
        var time = new ManualTime();
        var manager = new AlertReceiver(ReceiverKind.Alertmanager, _receiver.Url.ToString());
        var over = Low with { Key = "other", ResolvedAt = World.Noon + TimeSpan.FromMinutes(2) };

        Assert.Null((await Sender(time).RepeatAsync(manager, "demo", [Low, over], default)).Problem);

        var (path, _, body) = Assert.Single(_receiver.Requests);
        Assert.Equal("/api/v2/alerts", path);
        var (first, second) = (body[0], body[1]);
        Assert.Equal(
            """{"alertname":"ZurgHostLow","cluster":"demo","host":"host1","key":"host_low/host1/disk:/"}""",
            first.GetProperty("labels").GetRawText());
        Assert.Equal("""{"mend":"free some","summary":"host1: low on disk"}""", first.GetProperty("annotations").GetRawText());
        Assert.Equal(Low.FiredAt, first.GetProperty("startsAt").GetDateTimeOffset());
        Assert.Equal(time.GetUtcNow() + AlertSender.EndsAfter, first.GetProperty("endsAt").GetDateTimeOffset());
        Assert.Equal(over.ResolvedAt, second.GetProperty("endsAt").GetDateTimeOffset());
    }

    [Theory]
    [InlineData(500, "it answered 500", false)]
    [InlineData(302, "it answered 302", false)]
    [InlineData(400, "it answered 400", true)]
    public async Task What_a_receiver_refuses_is_told_in_words(int answer, string problem, bool pointless)
    {
        _receiver.Answer = answer;
        Assert.Equal(new SendOutcome(problem, pointless), await NotifyAsync(_receiver.Url.ToString(), TimeProvider.System));
    }

    [Fact]
    public async Task A_receiver_that_hangs_is_given_up_and_one_that_is_gone_is_named_without_its_url()
    {
        _receiver.Answer = 0;
        var time = new ManualTime();
        var hanging = NotifyAsync(_receiver.Url.ToString(), time);
        await Eventually.TrueAsync(() => !_receiver.Requests.IsEmpty, "the request is there");
        time.Advance(AlertSender.Timeout);
        Assert.Equal("no answer within 10 s", (await hanging).Problem);

        var url = _receiver.Url;
        await _receiver.DisposeAsync();
        var gone = await NotifyAsync(new Uri(url, "/SECRET").ToString(), TimeProvider.System);
        Assert.Equal("it cannot be reached", gone.Problem);
        _receiver = await FakeReceiver.StartAsync();
    }

    [Fact]
    public async Task A_token_that_is_not_there_is_a_problem_and_no_request_without_one()
    {
        var hook = new AlertReceiver(ReceiverKind.Webhook, _receiver.Url.ToString(), "/not/there");
        var outcome = await Sender(TimeProvider.System).NotifyAsync(hook, "demo", Low, default);
        Assert.StartsWith("the token file cannot be used", outcome.Problem, StringComparison.Ordinal);
        Assert.Empty(_receiver.Requests);
    }

    private Task<SendOutcome> NotifyAsync(string url, TimeProvider time) =>
        Sender(time).NotifyAsync(new AlertReceiver(ReceiverKind.Webhook, url), "demo", Low, default);

    private AlertSender Sender(TimeProvider time) => new(_http, time);
}
