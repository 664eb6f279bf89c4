using System.Globalization;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>What this is all for: a release goes out, a host is emptied, and nobody who uses the service notices.</summary>
public sealed class RolloutTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private readonly ProcessCluster _cluster = new();

    public async Task InitializeAsync()
    {
        await _cluster.StartMasterAsync();
        _cluster.StartAgent();
        await ReleaseServer.PushAsync(_cluster, "1", "2");

        Assert.True(await _cluster.TryPushAsync("web", "3", "#!/bin/sh\necho I am no good\nexit 3\n"));
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [NeedsFact("python3")]
    public async Task A_release_goes_out_and_a_bad_one_comes_back_and_no_request_fails()
    {
        await ApplyAsync();
        await using var load = new SteadyLoad(_cluster.SocketPath, "web");
        await load.AnswersGrowAsync();

        var good = await StartAsync("web", "2");
        Assert.True(good.ExitCode == 0, $"{good}\n{_cluster.Said}");
        Assert.Contains("is complete: all run 2", good.Output, StringComparison.Ordinal);
        await UntilAllRunAsync("2");

        var bad = await StartAsync("web", "3");
        Assert.True(bad.ExitCode == 1, $"{bad}\n{_cluster.Said}");
        Assert.Contains("was taken back, all run 2 again", bad.Errors, StringComparison.Ordinal);
        Assert.Contains("exit code 3", bad.Errors, StringComparison.Ordinal);
        await UntilAllRunAsync("2");
        var status = await _cluster.ZurgAsync("status");
        Assert.Contains("taken back", status.Output, StringComparison.Ordinal);

        // What it was before, written down again, is what runs: nothing is left to do and nothing to say.
        var back = await StartAsync("web", "2");
        Assert.True(back.ExitCode == 0, $"{back}\n{_cluster.Said}");
        await DevFixture.Until("it has converged", Soon, async () => (await _cluster.StatusAsync()).Converged);

        await load.AnswersGrowAsync();
        Assert.Empty(load.Failed);
        Assert.Equal(["1", "2"], load.Answers.Keys.Order());
    }

    [NeedsFact("python3")]
    public async Task A_host_is_emptied_and_no_request_fails_though_its_agent_dies_meanwhile()
    {
        await ApplyAsync();
        _cluster.StartNeighbour("host2", _cluster.MasterPort);
        await DevFixture.Until("host2 is there", Soon, async () => (await _cluster.StatusAsync()).Hosts.Length == 2);
        await using var load = new SteadyLoad(_cluster.SocketPath, "web");
        await load.AnswersGrowAsync();

        var draining = _cluster.ZurgAsync("drain", "host1", "--why", "new disks");
        await DevFixture.Until("the first has moved", Soon, async () => (await WebAsync()).Instances.Any(i =>
            i.Host.Value == "host2" && i.Status?.IsReady() == true));
        _cluster.KillAgent();
        _cluster.StartAgent();

        var drained = await draining.WaitAsync(Soon);
        Assert.True(drained.ExitCode == 0, $"{drained}\n{_cluster.Said}");
        Assert.EndsWith("host1 is empty\n", drained.Output, StringComparison.Ordinal);
        await UntilAllRunAsync("1");
        Assert.All((await WebAsync()).Instances, i => Assert.Equal("host2", i.Host.Value));
        Assert.Contains("new disks", (await _cluster.ZurgAsync("hosts", "host1")).Output, StringComparison.Ordinal);

        await load.AnswersGrowAsync();
        Assert.Empty(load.Failed);
        Assert.Equal(0, (await _cluster.ZurgAsync("undrain", "host1")).ExitCode);
    }

    /// <summary>Watched to its end.</summary>
    private Task<Ran> StartAsync(string service, string version) =>
        _cluster.ZurgAsync("rollout", "start", service, version, "--watch").WaitAsync(Soon);

    private async Task ApplyAsync()
    {
        await File.WriteAllTextAsync(_cluster.Shared("cluster.yaml"), string.Create(CultureInfo.InvariantCulture, $$"""
            cluster: e2e
            services:
              web:
                release: 1
                run: run
                instances: 3
                ports: { http: dynamic }
                probe: { http: /, port: http, every: 200ms }
                env: { E2E_MARK: {{_cluster.Mark}} }
                stop: { grace: 2s }
                update: { canary: 1, batch: 1, bake: 300ms, ready_within: 20s }

            """));
        var applied = await _cluster.ZurgAsync("apply", "--wait", "--timeout", "1m");
        Assert.True(applied.ExitCode == 0, $"{applied}\n{_cluster.Said}");
    }

    private Task<ServiceStatus> WebAsync() => _cluster.ServiceAsync("web");

    private Task UntilAllRunAsync(string version) => DevFixture.Until($"three run {version}", Soon, async () =>
        await WebAsync() is { Instances.Length: 3 } web
        && web.Instances.All(i => i.Status is { } s && s.IsReady() && s.Release.Version.Value == version));
}
