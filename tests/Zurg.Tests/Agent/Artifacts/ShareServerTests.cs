using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Artifacts;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Artifacts;

/// <summary>One host has a release and shares it; another one fetches it.</summary>
public sealed class ShareServerTests : IAsyncLifetime
{
    private static readonly ReleaseId Web = ReleaseId.Parse("web@1");
    private readonly FakeReleases _master = FakeReleases.Start();
    private readonly HttpClient _http = new();
    private ReleaseDemand _demand = null!;
    private string _tree = null!;
    private ShareServer _share = null!;

    public async Task InitializeAsync()
    {
        var big = new string('b', 300_000);
        _demand = new ReleaseDemand(Web, _master.Push("web@1", ("big", big), ("bin/run", "run"), ("etc/conf", "conf")));
        _tree = Assert.IsType<ReleaseOutcome.Ready>(await _master.Store.EnsureAsync(_demand, default)).Directory;
        var files = new SharedFiles(new ReleasePaths(_master.Directory["agent"]), TimeProvider.System);
        _share = await ShareServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), files, _master.Directory["token"], NullLoggerFactory.Instance, default);
        _master.Asked.Clear();
    }

    public async Task DisposeAsync()
    {
        await _share.DisposeAsync();
        await _master.DisposeAsync();
        _http.Dispose();
    }

    [Fact]
    public async Task A_host_gets_its_files_from_a_neighbour_and_none_from_the_master()
    {
        Neighbours(_share.Url);
        await using var store = _master.NewStore(agent: _master.Directory["other"], sharesAs: new HostId("other"));

        var tree = Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(_demand, default)).Directory;

        Assert.Equal("run", File.ReadAllText(Path.Combine(tree, "bin/run")));
        Assert.Equal(0, _master.FilesAsked);
        Assert.Contains("/v1/releases/web/1/neighbours", _master.Asked);
    }

    [Fact]
    public async Task A_host_that_takes_no_part_asks_nobody()
    {
        Neighbours(_share.Url);
        await using var store = _master.NewStore(agent: _master.Directory["other"]);

        Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(_demand, default));

        Assert.Equal(3, _master.FilesAsked);
        Assert.DoesNotContain("/v1/releases/web/1/neighbours", _master.Asked);
    }

    [Fact]
    public async Task Wrong_bytes_of_a_neighbour_are_not_believed_and_the_master_is_asked()
    {
        var path = Path.Combine(_tree, "bin/run");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(path, "RUN");
        Neighbours(_share.Url);
        await using var store = _master.NewStore(agent: _master.Directory["other"], sharesAs: new HostId("other"));

        var tree = Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(_demand, default)).Directory;

        Assert.Equal("run", File.ReadAllText(Path.Combine(tree, "bin/run")));
        Assert.Contains($"/v1/artifacts/{Digest.Of("run"u8)}", _master.Asked);
    }

    [Fact]
    public async Task A_neighbour_that_is_gone_or_a_master_that_knows_none_costs_nothing_but_the_question()
    {
        Neighbours(new Uri("http://127.0.0.1:1/"), _share.Url);
        await using var store = _master.NewStore(agent: _master.Directory["other"], sharesAs: new HostId("other"));
        Assert.IsType<ReleaseOutcome.Ready>(await store.EnsureAsync(_demand, default));
        Assert.Equal(0, _master.FilesAsked);

        // As an older master: 404.
        _master.Before = _ => Task.FromResult(false);
        await using var alone = _master.NewStore(agent: _master.Directory["third"], sharesAs: new HostId("third"));
        Assert.IsType<ReleaseOutcome.Ready>(await alone.EnsureAsync(_demand, default));
        Assert.Equal(3, _master.FilesAsked);
    }

    [Fact]
    public async Task Only_who_knows_the_token_gets_bytes_and_only_those_of_complete_releases()
    {
        var run = $"v1/artifacts/{Digest.Of("run"u8)}";
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(run, token: null));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(run, "wrong"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(run, "secret"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(run, "secret", "evil.example"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync($"v1/artifacts/{Digest.Of("none"u8)}", "secret"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("v1/artifacts/..%2f..%2fetc%2fpasswd", "secret"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("v1/status", "secret"));
    }

    [Fact]
    public async Task A_range_of_a_file_is_given_and_a_release_that_comes_later_too()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_share.Url, $"v1/artifacts/{Digest.Of("conf"u8)}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        request.Headers.Range = new RangeHeaderValue(1, null);
        using var answer = await _http.SendAsync(request);
        Assert.Equal((HttpStatusCode.PartialContent, "onf"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));

        var later = $"v1/artifacts/{Digest.Of("later"u8)}";
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(later, "secret"));
        var demand = new ReleaseDemand(ReleaseId.Parse("web@2"), _master.Push("web@2", ("later", "later")));
        Assert.IsType<ReleaseOutcome.Ready>(await _master.Store.EnsureAsync(demand, default));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(later, "secret"));
    }

    private void Neighbours(params Uri[] urls) => _master.Before = async http =>
    {
        if (http.Request.Path.Value!.EndsWith("/neighbours", StringComparison.Ordinal))
        {
            await http.Response.WriteAsync(JsonSerializer.Serialize(
                [.. urls.Index().Select(u => new Neighbour(new HostId($"h{u.Index}"), u.Item))],
                WireJson.Default.ImmutableArrayNeighbour));
            return true;
        }

        return false;
    };

    private async Task<HttpStatusCode> StatusAsync(string path, string? token, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_share.Url, path));
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Host = host;
        using var answer = await _http.SendAsync(request);
        return answer.StatusCode;
    }
}
