using System.Text.Json;
using Zurg.Protocol;
using Zurg.Tests.Master.Agents;
using Zurg.Tests.Support;

namespace Zurg.Tests.Master.Alerts;

/// <summary>A whole master, an agent whose disk is full, and receivers that are up, down or hang.</summary>
public sealed class AlertDeliveryTests : IAsyncLifetime
{
    private TestMaster _master = null!;

    public async Task InitializeAsync() => _master = await TestMaster.StartAsync();

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task Trouble_is_told_once_and_its_end_too_while_another_receiver_hangs()
    {
        await using var hook = await FakeReceiver.StartAsync();
        await using var hanging = await FakeReceiver.StartAsync();
        await using var manager = await FakeReceiver.StartAsync();
        hanging.Answer = 0;
        await ApplyAsync($"webhook: [{{ url: \"{hanging.Url}\" }}, {{ url: \"{hook.Url}SECRET\" }}], "
            + $"alertmanager: [{{ url: \"{manager.Url}\" }}]");
        using var agent = await LowAgentAsync();

        await Eventually.TrueAsync(() => !hook.Requests.IsEmpty && !manager.Requests.IsEmpty, "the first words");
        var notice = Assert.Single(hook.Requests);
        Assert.Equal("/SECRET", notice.Path);
        Assert.Equal("firing", notice.Body.GetProperty("status").GetString());
        Assert.Equal("ZurgHostLow", manager.Requests.First().Body[0].GetProperty("labels").GetProperty("alertname").GetString());

        var status = await _master.Http.GetStringAsync("/v1/alerts");
        Assert.DoesNotContain("SECRET", status, StringComparison.Ordinal);
        Assert.Contains("\"host_low/host1/disk:/var\"", status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_was_down_hears_it_when_it_is_back_and_a_restarted_master_repeats_nothing()
    {
        var hook = await FakeReceiver.StartAsync();
        var port = hook.Url.Port;
        await hook.DisposeAsync();
        await ApplyAsync($"webhook: [{{ url: \"http://127.0.0.1:{port}/\" }}]");
        using var agent = await LowAgentAsync();
        await UntilAsync(s => s.Receivers is [{ Failure: "it cannot be reached", Waiting: 1 }]);

        // Its next turn may be minutes away: a test that it takes is as good as one.
        await using var back = await FakeReceiver.StartAsync(port);
        using var nudge = await _master.Http.PostAsync("/v1/alerts/test", null);
        await UntilAsync(s => s.Receivers is [{ Failure: null, Waiting: 0, DeliveredAt: not null }]);
        Assert.Equal([0, 1], back.Requests.Select(r => r.Body.GetProperty("number").GetInt32()).Order());
        await UntilAsync(s => s.Receivers is [{ Told: 1 }]);

        await using var again = await _master.ReviveAsync();
        await UntilAsync(again, s => s is { Alerts: [{ ResolvedAt: null }], Receivers: [{ Waiting: 0 }] });
        using var tested = await again.Http.PostAsync("/v1/alerts/test", null);
        Assert.True(Assert.Single(await TestMaster.ReadAsync(tested, WireJson.Default.ImmutableArrayAlertTestResult)).Delivered);

        // The second test is the third request: nothing was told again before it.
        Assert.Equal("test", back.Requests.Last().Body.GetProperty("alert").GetProperty("key").GetString());
        Assert.Equal(3, back.Requests.Count);
    }

    [Fact]
    public async Task A_test_says_what_each_receiver_said_and_nothing_when_there_is_none()
    {
        using var none = await _master.Http.PostAsync("/v1/alerts/test", null);
        Assert.Empty(await TestMaster.ReadAsync(none, WireJson.Default.ImmutableArrayAlertTestResult));

        await using var hook = await FakeReceiver.StartAsync();
        hook.Answer = 503;
        await ApplyAsync($"webhook: [{{ url: \"{hook.Url}\" }}]");
        using var answer = await _master.Http.PostAsync("/v1/alerts/test", null);
        var result = Assert.Single(await TestMaster.ReadAsync(answer, WireJson.Default.ImmutableArrayAlertTestResult));
        Assert.Equal((false, "it answered 503"), (result.Delivered, result.Text));
    }

    private async Task ApplyAsync(string alerts) =>
        (await _master.ApplyAsync($"cluster: demo\nservices: {{}}\nalerts: {{ {alerts} }}\n")).EnsureSuccessStatusCode();

    private async Task<TestAgent> LowAgentAsync()
    {
        var agent = await TestAgent.JoinAsync(_master, "host1");
        await agent.SendAsync(TestAgent.Report(1));
        await agent.SendAsync(new AgentMessage { Measures = HostSamples.Measures(disk: 1L << 30) });
        return agent;
    }

    private Task UntilAsync(Func<AlertStatus, bool> condition) => UntilAsync(_master, condition);

    private static async Task UntilAsync(TestMaster master, Func<AlertStatus, bool> condition)
    {
        using var late = new CancellationTokenSource(TestMaster.Deadline);
        while (!condition(JsonSerializer.Deserialize(
            await master.Http.GetStringAsync("/v1/alerts", late.Token), WireJson.Default.AlertStatus)!))
        {
            await Task.Delay(20, late.Token);
        }
    }
}
