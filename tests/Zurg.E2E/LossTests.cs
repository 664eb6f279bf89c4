using System.Globalization;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>A host burns in the middle of a rollout: a person says so, and everything goes on without it.</summary>
public sealed class LossTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private readonly ProcessCluster _cluster = new();

    public async Task InitializeAsync()
    {
        await _cluster.StartMasterAsync();
        _cluster.StartAgent();
        _cluster.StartNeighbour("host2", _cluster.MasterPort);
        await ReleaseServer.PushAsync(_cluster, "1", "2");
        await DevFixture.Until("two hosts", Soon, async () => (await _cluster.StatusAsync()).Hosts.Length == 2);
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [NeedsFact("python3")]
    public async Task A_host_that_burns_in_the_middle_of_a_rollout_is_replaced_by_a_word_and_no_client_notices()
    {
        await ApplyAsync(release: 1);
        await UntilAsync("four serve", web => web.Ready == 4);
        Assert.Equal(2, _cluster.MarkedOn("host2").Count);
        await using var load = new SteadyLoad(_cluster.SocketPath, "web", attemptsMax: 4);
        await load.AnswersGrowAsync();

        await ApplyAsync(release: 2);
        await UntilAsync("the rollout is on its way", web => web.Rollout?.OnTargetReady is 1 or 2);
        _cluster.Burn("host2");
        await DevFixture.Until("it is silent", Soon, async () => await SessionAsync() == HostSession.Silent);
        var asked = await _cluster.ZurgAsync("lost", "host2");
        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("zurg lost host2 --yes", asked.Errors, StringComparison.Ordinal);
        var said = await _cluster.ZurgAsync("lost", "host2", "--yes", "--why", "fire");
        Assert.True(said.ExitCode == 0, $"{said}");

        await UntilAsync(
            "all of it runs the new release on the other host",
            web => web.Rollout?.Rollout.Phase == RolloutPhase.Completed && web.Instances.Length == 4
                && web.Instances.All(i => i.Host.Value == "host1" && i.Status?.Release.Version.Value == "2"
                    && i.Status.IsReady()));
        await DevFixture.Until("it has converged", Soon, async () => (await _cluster.StatusAsync()).Converged);
        Assert.Empty(load.Failed);

        // Its agent starts what it knew, and gives it up.
        _cluster.StartNeighbour("host2", _cluster.MasterPort);
        await DevFixture.Until("it is back", Soon, async () => await SessionAsync() == HostSession.Connected);
        await DevFixture.Until(
            "it has given up what was replaced", Soon,
            async () => (await _cluster.StatusAsync()).Converged && _cluster.MarkedOn("host2").Count == 0);
        Assert.Equal(4, _cluster.MarkedOn("host1").Count);
        var events = await _cluster.Http.GetStringAsync(new Uri("/v1/events?host=host2", UriKind.Relative));
        Assert.Contains("host2 is lost, by word of ", events, StringComparison.Ordinal);
        Assert.Contains("host_returned", events, StringComparison.Ordinal);
        Assert.Empty(load.Failed);
    }

    private async Task<HostSession?> SessionAsync() =>
        (await _cluster.StatusAsync()).Hosts.FirstOrDefault(h => h.Host.Value == "host2")?.Session;

    private Task UntilAsync(string what, Func<ServiceStatus, bool> condition) => DevFixture.Until(
        what, Soon, async () => condition(await _cluster.ServiceAsync("web")));

    private async Task ApplyAsync(int release) => Assert.NotNull(await _cluster.TryApplyAsync(
        string.Create(CultureInfo.InvariantCulture, $$"""
            cluster: e2e
            services:
              web:
                release: {{release}}
                run: run
                instances: 4
                ports: { http: dynamic }
                probe: { http: /, port: http, every: 200ms }
                env: { E2E_MARK: {{_cluster.Mark}} }
                stop: { grace: 2s }
                update: { canary: 1, batch: 1, bake: 2s, ready_within: 60s }
            """)));
}
