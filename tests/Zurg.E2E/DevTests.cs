using System.Diagnostics;
using System.Net;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>The life of a service under 'zurg dev', through the command line alone.</summary>
public sealed class DevTests(DevFixture dev) : IClassFixture<DevFixture>
{
    private const string Hello = """
          hello:
            release: 1.0.0
            run: hello.py
            instances: 2
            ports: { http: dynamic }
            env: { GREETING: hello }
            probe: { http: /, port: http, every: 1s }
            stop: { grace: 2s }
            update: { canary: 0, batch: 100%, bake: 0s, max_unavailable: 1, surge: 0 }

        """;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    private static readonly ServiceName Service = new("hello");

    [NeedsFact("python3")]
    public async Task An_applied_service_answers_from_two_hosts()
    {
        await dev.ApplyAsync(Hello);
        var status = await dev.StatusAsync();
        var hello = status.Services.Single(s => s.Service == Service);
        Assert.Equal(2, hello.Ready);
        Assert.Equal(2, hello.Instances.Select(i => i.Host).Distinct().Count());
        Assert.True(status.Converged);
        foreach (var instance in hello.Instances)
        {
            Assert.Equal($"hello from {instance.Instance}\n", await GetAsync(instance));
        }

        Assert.Contains("hello  ", (await dev.ZurgAsync("status")).Output, StringComparison.Ordinal);
    }

    [NeedsFact("python3")]
    public async Task A_killed_instance_is_back_and_says_so()
    {
        await dev.ApplyAsync(Hello);
        var victim = (await HelloAsync())[0];
        Process.GetProcessById(victim.Status!.Pid!.Value).Kill();
        await UntilInstanceAsync(
            victim.Instance, s => s.IsReady() && s.Pid != victim.Status.Pid && s.Crashes > victim.Status.Crashes);
        Assert.Contains("SIGKILL", (await dev.ZurgAsync("explain", "hello")).Output, StringComparison.Ordinal);
        Assert.Contains("instance_exited", (await dev.ZurgAsync("history", "hello")).Output, StringComparison.Ordinal);
    }

    [NeedsFact("python3")]
    public async Task Logs_show_what_every_instance_wrote()
    {
        await dev.ApplyAsync(Hello);
        var all = await dev.ZurgAsync("logs", "hello");
        Assert.Contains("hello.0 | hello starts hello", all.Output, StringComparison.Ordinal);
        Assert.Contains("hello.1 | hello starts hello", all.Output, StringComparison.Ordinal);
        var one = await dev.ZurgAsync("logs", "hello.1", "--tail", "1");
        Assert.DoesNotContain(" | ", one.Output, StringComparison.Ordinal);
    }

    [NeedsFact("python3")]
    public async Task Logs_of_two_hosts_are_merged_by_time_and_followed_until_nobody_reads_on()
    {
        // Each waits for its turn, which the other's last line is: seven lines, in turns.
        dev.Write("turns/turns.py", TurnsPy, executable: true);
        await dev.ZurgAsync("release", "push", "turns", "1.0.0", "turns");
        await dev.ApplyAsync(
            "  turns:\n    release: turns@1.0.0\n    run: turns.py\n    instances: 2\n"
            + $"    args: ['{dev.Directory}/turn']\n");
        var hosts = (await dev.StatusAsync()).Services.Single(s => s.Service.Value == "turns").Instances.Select(i => i.Host);
        Assert.Equal(2, hosts.Distinct().Count());
        string[] turns = [.. Enumerable.Range(0, 7).Select(i => $"turns.{i % 2} | turn {i}")];
        await DevFixture.Until("all turns are logged, in their order", TimeSpan.FromSeconds(60), async () =>
            (await dev.ZurgAsync("logs", "turns")).Output.TrimEnd().Split('\n').SequenceEqual(turns));
        var found = await dev.ZurgAsync("logs", "turns", "--grep", "turn [56]", "--host", hosts.First().Value);
        Assert.Matches("^turn [56]\n$", found.Output);

        foreach (var followed in (string[])["logs turns -f", "events -f --since 1h"])
        {
            using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
                "timeout", ["60", "bash", "-c", $"set -o pipefail; {ZurgProgram.Launcher} {followed} | head -1"])
            {
                WorkingDirectory = dev.Directory, RedirectStandardOutput = true, UseShellExecute = false,
            })!;
            Assert.NotEmpty(await shell.StandardOutput.ReadToEndAsync());
            await shell.WaitForExitAsync();
            Assert.Equal(0, shell.ExitCode);
        }
    }

    [NeedsFact("python3")]
    public async Task A_process_that_closes_its_stdout_runs_on_and_keeps_what_it_wrote()
    {
        dev.Write("mute/mute.sh", "#!/bin/sh\necho before\nexec >&- 2>&-\necho lost\nexec sleep 1000\n", executable: true);
        await dev.ZurgAsync("release", "push", "mute", "1.0.0", "mute");
        await dev.ApplyAsync("  mute:\n    release: mute@1.0.0\n    run: mute.sh\n    instances: 1\n");
        Assert.Equal(1, (await dev.StatusAsync()).Services.Single(s => s.Service.Value == "mute").Ready);

        // Once: it was not started again.
        Assert.Equal("before\n", (await dev.ZurgAsync("logs", "mute")).Output);
    }

    [NeedsFact("python3")]
    public async Task A_restart_replaces_every_process()
    {
        await dev.ApplyAsync(Hello);
        var before = await HelloAsync();
        await dev.ZurgAsync("restart", "hello");
        foreach (var instance in before)
        {
            await UntilInstanceAsync(
                instance.Instance, s => s.IsReady() && s.Incarnation.Value > instance.Status!.Incarnation.Value);
        }
    }

    [NeedsFact("python3")]
    public async Task A_stopped_service_keeps_its_places_and_starts_again()
    {
        await dev.ApplyAsync(Hello);
        var before = await HelloAsync();
        await dev.ZurgAsync("stop", "hello");
        await DevFixture.Until("it is stopped", Soon, async () =>
            (await dev.StatusAsync()).Services.Single(s => s.Service == Service) is { Stopped: true } s
            && s.Instances.All(i => i.Status?.Pid is null));
        Assert.Contains("  stopped", (await dev.ZurgAsync("status")).Output, StringComparison.Ordinal);
        await dev.ZurgAsync("start", "hello");
        foreach (var instance in before)
        {
            await UntilInstanceAsync(instance.Instance, s => s.IsReady());
        }

        Assert.Equal(before.Select(i => i.Host), (await HelloAsync()).Select(i => i.Host));
    }

    [NeedsFact("python3")]
    public async Task A_reverted_spec_runs_again()
    {
        await dev.ApplyAsync(Hello);
        var first = (await dev.StatusAsync()).Spec;
        await dev.ApplyAsync(Hello.Replace("GREETING: hello", "GREETING: hi", StringComparison.Ordinal));
        Assert.StartsWith("hi from", await GetAsync((await HelloAsync())[0]), StringComparison.Ordinal);
        await dev.ZurgAsync("spec", "revert", first.ToString());
        await DevFixture.Until("the old greeting is back", Soon, async () =>
            await dev.StatusAsync() is { Converged: true }
            && (await GetAsync((await HelloAsync())[0])).StartsWith("hello from", StringComparison.Ordinal));
        Assert.Contains($"back to {first}", (await dev.ZurgAsync("spec", "history")).Output, StringComparison.Ordinal);
    }

    [NeedsFact("python3")]
    public async Task A_process_that_exits_at_once_is_held_and_not_restarted_hot()
    {
        const string broken = """
              broken:
                release: 1.0.0
                run: broken.sh
                instances: 1
                restart: { delay: 20ms, max_delay: 100ms, window: 10m, attempts: 4 }

            """;
        await dev.ApplyAsync(broken, wait: false);
        await DevFixture.Until(
            "it is held", Soon, async () => (await dev.StatusAsync()).Holds.Any(h => h.Reason == HoldReason.TooManyRestarts));
        var held = (await dev.StatusAsync()).Services.Single().Instances.Single().Status!;
        Assert.InRange(held.Crashes, 4, 6);
        var waited = await dev.TryZurgAsync("apply", "--wait", "--timeout", "2s");
        Assert.Equal(1, waited.ExitCode);
        Assert.Contains("too_many_restarts", waited.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("services:\n  hello:\n    release: 1.0.0\n    run: hello.py\n    instnaces: 2\n", "instances")]
    [InlineData("services: [1, 2]\n", "cluster.yaml:1:")]
    [InlineData("", "cluster.yaml")]
    [InlineData("just text", "cluster.yaml")]
    [InlineData("a: &a [*a]\n", "cluster.yaml")]
    public async Task A_bad_file_is_refused_with_its_place(string text, string says)
    {
        var before = await dev.StatusAsync();
        dev.Write("cluster.yaml", text);
        var refused = await dev.TryZurgAsync("apply", "--based-on", "newest");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(says, refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before.Spec, (await dev.StatusAsync()).Spec);
    }

    [NeedsFact("python3")]
    public async Task Hostile_files_are_refused_quickly()
    {
        dev.Write("cluster.yaml", new string('[', 50_000));
        Assert.Equal(1, (await dev.TryZurgAsync("apply", "--based-on", "newest")).ExitCode);
        dev.Write("cluster.yaml", "#" + new string('x', 5_000_000));
        var large = await dev.TryZurgAsync("apply", "--based-on", "newest");
        Assert.Equal(1, large.ExitCode);
        Assert.Contains("1 MiB", large.Errors, StringComparison.Ordinal);
        await dev.StatusAsync(); // the master lives
    }

    [NeedsFact("python3")]
    public async Task An_apply_that_has_not_seen_the_newest_spec_is_refused()
    {
        await dev.ApplyAsync(Hello);
        dev.Write("other/cluster.yaml", "cluster: e2e\nservices: {}\n");
        var refused = await dev.TryZurgAsync("apply", "other/cluster.yaml");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--based-on newest", refused.Errors, StringComparison.Ordinal);
    }

    [NeedsFact("python3")]
    public async Task A_second_dev_on_the_same_directory_is_refused()
    {
        var second = await dev.TryZurgAsync("dev", "--hosts", "1");
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("already run", second.Errors, StringComparison.Ordinal);
    }

    [NeedsFact("python3")]
    public async Task The_API_wants_the_token_and_its_own_host()
    {
        using var anonymous = dev.Api(token: false);
        using var nobody = await anonymous.GetAsync(new Uri("/v1/status", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
        using var http = dev.Api();
        using var known = await http.GetAsync(new Uri("/v1/status", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(http, r => r.Headers.Host = "evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(http, r => r.Headers.Add("Origin", "http://evil.example")));
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, Action<HttpRequestMessage> change)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/status");
        change(request);
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private async Task<IReadOnlyList<PlacedInstance>> HelloAsync() =>
        [.. (await dev.StatusAsync()).Services.Single(s => s.Service == Service).Instances];

    private Task UntilInstanceAsync(InstanceId instance, Func<InstanceStatus, bool> holds) => DevFixture.Until(
        $"{instance} is as wanted",
        Soon,
        async () => (await HelloAsync()).Single(i => i.Instance == instance).Status is { } s && holds(s));

    private static async Task<string> GetAsync(PlacedInstance instance)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri($"http://127.0.0.1:{instance.Status!.Ports.Values.Single()}/"));
    }

    // Line i is written by instance i % 2, after the other has written the one before; the file says whose turn it is.
    private const string TurnsPy = """
        #!/usr/bin/env python3
        import os, sys, time

        def turn():
            try:
                return int(open(sys.argv[1]).read() or 0)
            except FileNotFoundError:
                return 0

        for i in range(7):
            if i % 2 == int(os.environ["ZURG_INDEX"]):
                while turn() < i:
                    time.sleep(0.01)
                print("turn", i, flush=True)
                time.sleep(0.5)  # more than the precision of times
                open(sys.argv[1] + ".new", "w").write(str(i + 1))
                os.rename(sys.argv[1] + ".new", sys.argv[1])
        time.sleep(1000)
        """;
}
