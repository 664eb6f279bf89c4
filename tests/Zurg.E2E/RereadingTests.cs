using System.Globalization;
using System.Text;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// A service that reads the endpoints of another one from a generated file, at its start only (then: restart, decision 028). What
/// the file names changes for all of its instances at once.
/// </summary>
public sealed class RereadingTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    /// <summary>Passes each request on to one of those whom its file named when it started. A signal ends it at once.</summary>
    private const string Front = """
        import http.client, itertools
        known = itertools.cycle(open("web.list").read().split())

        class Front(Handler):
            def do_GET(self):
                status, body = 200, b"well"
                if self.path != "/healthz":
                    try:
                        connection = http.client.HTTPConnection(next(known), timeout=10)
                        connection.request("GET", "/")
                        body = connection.getresponse().read()
                        connection.close()
                    except OSError as e:
                        status, body = 502, str(e).encode()
                self.reply(body, status)

        serve(Front)

        """;

    private readonly ProcessCluster _cluster = new();

    public async Task InitializeAsync()
    {
        await _cluster.StartMasterAsync();
        _cluster.StartAgent();
        await ReleaseServer.PushAsync(_cluster, "1");
        var list = "{{#each endpoints.web}}{{address}}:{{ports.http}}\n{{/each}}";
        Assert.True(await _cluster.TryPushAsync(
            "front", "1", ("run", PythonServer.Script("1", Front)), ("web.list.hbs", Encoding.UTF8.GetBytes(list))));
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [NeedsFact("python3")]
    public async Task All_are_restarted_one_after_another_and_what_leaves_is_stopped_only_then()
    {
        await ApplyAsync(webs: 3, fronts: 0);
        await UntilConvergedAsync();
        await ApplyAsync(webs: 3, fronts: 3);
        await UntilConvergedAsync();
        await using var load = new SteadyLoad(_cluster.SocketPath, "front");
        await load.AnswersGrowAsync();
        await using var fewest = new FewestReady(_cluster.Http, "front");
        var before = await FrontsAsync();

        await ApplyAsync(webs: 2, fronts: 3);
        await DevFixture.Until(
            "the third one has ended", Soon, async () => (await _cluster.ServiceAsync("web")).Instances.Length == 2);
        var after = await FrontsAsync();
        Assert.True(!after.Intersect(before).Any(), $"{string.Join(' ', before)} -> {string.Join(' ', after)}");
        await UntilConvergedAsync();
        await load.AnswersGrowAsync();
        Assert.Empty(load.Failed);
        Assert.InRange(await fewest.EndAsync(), 2, 3);

        // Nobody was restarted more than once for it, and each because of its file.
        Assert.Equal(after, await FrontsAsync());
        var ended = (await _cluster.EventsAsync("service=front")).Where(e => e.Kind == EventKind.InstanceExited).ToList();
        Assert.Equal(["front.0", "front.1", "front.2"], ended.Select(e => $"{e.Instance}").Order());
        Assert.All(ended, e => Assert.StartsWith("restarted for a changed template", e.Text, StringComparison.Ordinal));
    }

    /// <summary>Who they are.</summary>
    private async Task<List<string>> FrontsAsync() =>
        [.. (await _cluster.ServiceAsync("front")).Instances.Select(i => $"{i.Instance}:{i.Status!.Incarnation}")];

    private Task UntilConvergedAsync() => DevFixture.Until(
        "all of it runs", Soon, async () => await _cluster.StatusAsync() is { Converged: true } status
            && status.Services.All(s => s.Ready == s.Wanted));

    private async Task ApplyAsync(int webs, int fronts) => Assert.NotNull(await _cluster.TryApplyAsync(
        string.Create(CultureInfo.InvariantCulture, $$"""
            cluster: e2e
            services:
              web:
                release: 1
                run: run
                instances: {{webs}}
                ports: { http: dynamic }
                probe: { http: /, port: http, every: 200ms }
                env: { E2E_MARK: {{_cluster.Mark}} }
                stop: { grace: 2s, drain: 1h }
              front:
                release: 1
                run: run
                instances: {{fronts}}
                depends_on: [web]
                ports: { http: dynamic }
                probe: { http: /healthz, port: http, every: 200ms }
                env: { E2E_MARK: {{_cluster.Mark}} }
                templates: [{ from: web.list.hbs, to: web.list, then: restart }]
                stop: { grace: 2s, drain: 1h }
                update: { max_unavailable: 1, surge: 0 }
            """)));
}
