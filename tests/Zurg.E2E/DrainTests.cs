using System.Globalization;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// Nothing is stopped on purpose while a consumer may still use it (DESIGN.md promise 2): a real consumer on the local socket
/// that confirms late, that is frozen, that dies.
/// </summary>
public sealed class DrainTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly ProcessCluster _cluster = new();
    private SlowConsumer? _consumer;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_consumer is not null)
        {
            await _consumer.DisposeAsync();
        }

        await _cluster.DisposeAsync();
    }

    private async Task StartAsync()
    {
        await _cluster.StartMasterAsync();
        _cluster.StartAgent();
        Assert.True(await _cluster.TryPushAsync("web", "1", "#!/bin/sh\nexec sleep 10000\n"));
        Assert.True(await _cluster.TryPushAsync("web", "2", "#!/bin/sh\nexec sleep 20000\n"));
        await ApplyAsync(release: 1, drain: "1h");
        await UntilAsync("both are ready", s => s.Ready == 2);
    }

    [NeedsFact("python3")]
    public async Task An_instance_runs_on_until_its_consumer_has_confirmed_a_set_without_it()
    {
        await StartAsync();
        await ConsumeAsync();
        var before = await RunningAsync();
        await ApplyAsync(release: 2, drain: "1h");
        await UntilHeldAsync();
        await DevFixture.Until(
            "the consumer has heard of it", Soon,
            () => Task.FromResult(_consumer!.Seen.TrimEnd().Split('\n')[^1] is "web.0" or "web.1"));
        Assert.Equal(before, await RunningAsync());

        File.Delete(Held);
        await UntilAsync("both have the new release", IsNew);
        await DevFixture.Until(
            "the consumer hears of both", Soon,
            () => Task.FromResult(_consumer!.Seen.EndsWith("\nweb.0 web.1\n", StringComparison.Ordinal)));
    }

    [NeedsFact("python3")]
    public async Task A_consumer_that_dies_is_waited_for_no_longer()
    {
        await StartAsync();
        await ConsumeAsync();
        await ApplyAsync(release: 2, drain: "1h");
        await UntilHeldAsync();
        ProcessCluster.KillPid(_consumer!.Pid);
        await UntilAsync("both have the new release", IsNew);
    }

    [NeedsFact("python3")]
    public async Task A_frozen_consumer_holds_a_stop_up_to_the_limit_and_is_named()
    {
        await StartAsync();
        await ConsumeAsync();
        File.Delete(Held);
        await _consumer!.FreezeAsync();
        await ApplyAsync(release: 2, drain: "2s");
        await UntilHeldAsync();
        await UntilAsync("both have the new release", IsNew);
        var events = await _cluster.Http.GetStringAsync(new Uri("/v1/events?service=web", UriKind.Relative));
        Assert.Contains("within 2 s", events, StringComparison.Ordinal);
        Assert.Contains($"{_consumer.Pid}", events, StringComparison.Ordinal);
    }

    /// <summary>The successor of a killed master waits for those that the first one waited for.</summary>
    [NeedsFact("python3")]
    public async Task A_master_that_dies_while_it_waits_is_followed_by_one_that_waits()
    {
        await StartAsync();
        await ConsumeAsync();
        var before = await RunningAsync();
        await ApplyAsync(release: 2, drain: "1h");
        await UntilHeldAsync();
        _cluster.KillMaster();
        await _cluster.StartMasterAsync();
        await UntilHeldAsync();
        Assert.Equal(before, await RunningAsync());
        File.Delete(Held);
        await UntilAsync("both have the new release", IsNew);
    }

    [NeedsFact("python3")]
    public async Task A_service_in_use_is_not_taken_out_by_an_apply_unless_it_is_meant_and_then_it_is_drained()
    {
        await StartAsync();
        await ConsumeAsync();
        var before = await RunningAsync();
        await File.WriteAllTextAsync(_cluster.Shared("cluster.yaml"), "cluster: e2e\nservices: {}\n");
        await DevFixture.Until("its use is known", Soon, async () =>
        {
            var planned = await _cluster.ZurgAsync("apply", "--plan");
            return planned.Output.Contains("! web leaves, and", StringComparison.Ordinal);
        });
        var refused = await _cluster.ZurgAsync("apply", "--based-on", "newest");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("consumer.py", refused.Errors, StringComparison.Ordinal);

        var meant = await _cluster.ZurgAsync("apply", "--based-on", "newest", "--remove-used", "--no-wait");
        Assert.True(meant.ExitCode == 0, $"{meant}");
        await UntilHeldAsync();
        _cluster.KillMaster();
        await _cluster.StartMasterAsync();
        await UntilHeldAsync();
        Assert.Equal(before, await RunningAsync());
        File.Delete(Held);
        await DevFixture.Until("nothing of it is left", Soon, async () =>
            await _cluster.StatusAsync() is { Services.IsEmpty: true, Converged: true } && _cluster.Marked().Count == 0);
    }

    private async Task ConsumeAsync()
    {
        await File.WriteAllTextAsync(Held, "");
        _consumer = await SlowConsumer.StartAsync(_cluster, "web");
        await DevFixture.Until(
            "the consumer has heard of both", Soon,
            () => Task.FromResult(_consumer.Seen.Contains("web.0 web.1\n", StringComparison.Ordinal)));
    }

    /// <summary>While this file is there the consumer confirms nothing.</summary>
    private string Held => _cluster.Shared("hold-confirm");

    private async Task ApplyAsync(int release, string drain) => Assert.NotNull(await _cluster.TryApplyAsync(
        string.Create(CultureInfo.InvariantCulture, $$"""
            cluster: e2e
            services:
              web:
                release: {{release}}
                run: run
                instances: 2
                env: { E2E_MARK: {{_cluster.Mark}} }
                stop: { grace: 1s, drain: {{drain}} }
                update: { canary: 0, batch: 100%, bake: 0s, max_unavailable: 1, surge: 0 }
            """)));

    private Task UntilHeldAsync() => DevFixture.Until("the consumer is waited for", Soon, async () =>
    {
        var status = await _cluster.StatusAsync();
        return status.Holds.Any(h => h.Reason == HoldReason.WaitsForDrain
            && h.Text.Contains(_consumer!.Pid.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    });

    private Task UntilAsync(string what, Func<ServiceStatus, bool> condition) => DevFixture.Until(
        what, Soon, async () => condition(await _cluster.ServiceAsync("web")));

    private static bool IsNew(ServiceStatus service) =>
        service.Ready == 2 && service.Instances.All(i => i.Status?.Release.Version.Value == "2");

    private async Task<List<(string Instance, int? Pid)>> RunningAsync() =>
        [.. (await _cluster.ServiceAsync("web")).Instances.Select(i => (i.Instance.Value, i.Status?.Pid))];
}
