using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>
/// The examples as they are: their services change under load, and no request of anybody fails. Who counts is in each case a
/// program that does nothing else: the caller that cannot be changed, the workers in shell.
/// </summary>
public sealed partial class ExamplesTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private readonly ProcessCluster _cluster = new();
    private string _yaml = "";

    public async Task InitializeAsync()
    {
        await _cluster.StartMasterAsync();
        _cluster.StartAgent();
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [NeedsFact("python3")]
    public async Task Python_services_and_a_program_that_cannot_be_changed_lose_no_request()
    {
        Assert.True(await _cluster.TryPushAsync("py", "1.0.0", FilesOf("python/release")));
        Assert.True(await _cluster.TryPushAsync("py", "2.0.0", FilesOf("python/release")));
        var port = FreePort();
        _yaml = Marked("python/cluster.yaml").Replace("9981", port, StringComparison.Ordinal);
        await ApplyAsync();
        await CountedAsync("caller.0", moreThan: 200);
        foreach (var service in new[] { "greeter", "front" })
        {
            await ChangeAsync(service, "py@1.0.0", "py@2.0.0");
            await MoreAsync("caller.0", by: 100);
        }

        await ChangeAsync("greeter", "GREETING: none", "GREETING: Welcome");
        await ChangeAsync("front", "py@2.0.0", "py@1.0.0");
        await MoreAsync("caller.0", by: 100);
        await NoneFailedAsync("caller.0");
    }

    [NeedsFact("python3", "curl")]
    public async Task Workers_in_shell_and_what_they_use_are_changed_without_a_failed_job()
    {
        Assert.True(await _cluster.TryPushAsync("worker", "1.0.0", FilesOf("shell/worker")));
        Assert.True(await _cluster.TryPushAsync("pages", "1.0.0", FilesOf("shell/pages")));
        Assert.True(await _cluster.TryPushAsync("pages", "2.0.0", ("index.html", "<p>Version 2"u8.ToArray())));
        _yaml = Marked("shell/cluster.yaml");
        await ApplyAsync();
        await CountedAsync("worker.0", moreThan: 20);
        await CountedAsync("worker.1", moreThan: 20);
        await ChangeAsync("pages", "release: 1.0.0", "release: 2.0.0");
        await MoreAsync("worker.0", by: 20);
        await ChangeAsync("pages", "release: 2.0.0", "release: 1.0.0");
        await MoreAsync("worker.1", by: 20);
        await NoneFailedAsync("worker.0");
        await NoneFailedAsync("worker.1");

        // A worker that is changed itself ends between two jobs: none is begun and never counted, none is cut.
        await ChangeAsync("worker", "E2E_MARK", "A_NEW_NAME: x, E2E_MARK");
        await CountedAsync("worker.0", moreThan: 20);
        await NoneFailedAsync("worker.0");
        var events = await _cluster.Http.GetStringAsync(new Uri("/v1/events?service=worker", UriKind.Relative));
        Assert.DoesNotContain("SIGKILL", events, StringComparison.Ordinal);
    }

    /// <summary>What it carried broke; the program, which runs on, finds its address again.</summary>
    [NeedsFact("python3")]
    public async Task The_address_of_a_program_that_cannot_be_changed_is_back_with_its_agent()
    {
        Assert.True(await _cluster.TryPushAsync("py", "1.0.0", FilesOf("python/release")));
        _yaml = Marked("python/cluster.yaml").Replace("9981", FreePort(), StringComparison.Ordinal);
        await ApplyAsync();
        await CountedAsync("caller.0", moreThan: 100);
        var started = await StartedAsync("caller");
        _cluster.KillAgent();
        _cluster.StartAgent();
        await DevFixture.Until("the agent is back", Soon, async () =>
        {
            try
            {
                return (await CountsAsync("caller.0")).Done > 0;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        await MoreAsync("caller.0", by: 200);
        Assert.Equal(started, await StartedAsync("caller"));
    }

    private async Task ApplyAsync()
    {
        Assert.NotNull(await _cluster.TryApplyAsync(_yaml));
        await DevFixture.Until("all of it runs as it is wanted", Soon, async () =>
            await _cluster.StatusAsync() is { Converged: true, Services: [_, ..] services }
                && services.All(s => s.Ready == s.Wanted));
    }

    /// <summary>In the text of one service alone; waits until each of its instances was started anew.</summary>
    private async Task ChangeAsync(string service, string from, string to)
    {
        var before = await StartedAsync(service);
        var at = _yaml.IndexOf($"  {service}:", StringComparison.Ordinal);
        var place = _yaml.IndexOf(from, at, StringComparison.Ordinal);
        _yaml = string.Concat(_yaml.AsSpan(0, place), to, _yaml.AsSpan(place + from.Length));
        Assert.NotNull(await _cluster.TryApplyAsync(_yaml));
        await DevFixture.Until($"every instance of {service} was changed", Soon, async () =>
            (await StartedAsync(service)).Except(before).Count() == before.Count);
        await ApplyAsync();
    }

    private async Task<List<(InstanceId, Incarnation)>> StartedAsync(string service) =>
        [.. (await _cluster.ServiceAsync(service)).Instances
            .Where(i => i.Status is not null).Select(i => (i.Instance, i.Status!.Incarnation))];

    private Task CountedAsync(string instance, int moreThan) => DevFixture.Until(
        $"{instance} has counted", Soon, async () => (await CountsAsync(instance)).Done > moreThan);

    private async Task MoreAsync(string instance, int by) =>
        await CountedAsync(instance, (await CountsAsync(instance)).Done + by);

    private async Task NoneFailedAsync(string instance)
    {
        var log = await LogAsync(instance, "offset=0&bytes=262144");
        var told = log.Split("\\n").Where(l => !Counts().IsMatch(l + "\\n"));
        Assert.True((await CountsAsync(instance)).Failed == 0, string.Join('\n', told.Take(20)));
    }

    private Task<string> LogAsync(string instance, string which) =>
        _cluster.Http.GetStringAsync(new Uri($"/v1/instances/{instance}/logs?{which}&wait=00:00:00", UriKind.Relative));

    /// <summary>What its last line says.</summary>
    private async Task<(int Done, int Failed)> CountsAsync(string instance)
    {
        var log = await LogAsync(instance, "offset=-2000&bytes=4000");
        return Counts().Matches(log).LastOrDefault() is { } last
            ? (Number(last.Groups[1].Value), Number(last.Groups[2].Value))
            : (0, 0);
    }

    [GeneratedRegex(@"(\d+) (?:answered|done), (\d+) failed\\n")]
    private static partial Regex Counts();

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Every process of it can be found at the end.</summary>
    private string Marked(string path) => File.ReadAllText(Path.Combine(ZurgProgram.Root, "examples", path))
        .Replace("    run: ", $"    env: {{ GREETING: none, E2E_MARK: {_cluster.Mark} }}\n    run: ", StringComparison.Ordinal);

    private static System.Collections.Immutable.ImmutableArray<(string Path, byte[] Bytes)> FilesOf(string directory) =>
    [
        .. new DirectoryInfo(Path.Combine(ZurgProgram.Root, "examples", directory)).EnumerateFiles()
            .Select(f => (f.Name, File.ReadAllBytes(f.FullName))),
    ];

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
