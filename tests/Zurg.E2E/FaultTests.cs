using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Xunit.Abstractions;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>What a bad day brings: programs that misbehave, clocks that jump, pids that come again, all killed at once.</summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    private const string FakeClock = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
    private const int Rounds = 6;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [NeedsFact("sleep")]
    public async Task Two_hundred_instances_started_at_once_all_come_up_and_none_is_given_up()
    {
        await using var cluster = await BeganAsync();
        Assert.NotNull(await cluster.TryApplyAsync($$"""
            cluster: e2e
            services:
              many: { release: 1, run: /bin/sleep, args: ['10000'], instances: 200, env: { E2E_MARK: {{cluster.Mark}} } }
            """));
        await ReadyAsync(cluster, 200);
        var status = await cluster.StatusAsync();
        Assert.Equal(200, cluster.Marked().Count);
        Assert.All(status.Services.Single().Instances, i => Assert.Equal((0, null), (i.Status!.Crashes, i.Status.Hold)));
        await cluster.EmptyAsync();
    }

    [NeedsFact("sleep", "setsid")]
    public async Task One_that_ignores_TERM_has_a_thousand_children_and_a_daemon_leaves_nothing_behind()
    {
        await using var cluster = await BeganAsync("""
            #!/bin/sh
            trap '' TERM
            setsid sleep 10001 &
            i=0
            while [ $i -lt 1000 ]; do sleep 10000 & i=$((i + 1)); done
            wait

            """);
        Assert.NotNull(await cluster.TryApplyAsync(Many(cluster, "stop: { grace: 1s }")));
        await DevFixture.Until("a thousand children", Soon, () => Task.FromResult(cluster.Marked().Count >= 1002));
        await cluster.EmptyAsync();
    }

    [NeedsFact("sleep", "setsid")]
    public async Task One_that_forks_a_daemon_and_exits_never_has_two_of_them()
    {
        await using var cluster = await BeganAsync("#!/bin/sh\nsetsid sleep 10001 &\nsleep 0.05\nexit 0\n");
        Assert.NotNull(await cluster.TryApplyAsync(
            Many(cluster, "restart: { delay: 10ms, max_delay: 50ms, window: 10m, attempts: 1000 }")));
        var most = 0;
        await DevFixture.Until("it was started ten times", Soon, async () =>
        {
            most = Math.Max(most, cluster.Marked().Values.Count(c => c.EndsWith("10001", StringComparison.Ordinal)));
            return (await cluster.StatusAsync()).Services.Single().Instances.SingleOrDefault()?.Status?.Crashes >= 10;
        });
        Assert.InRange(most, 1, 1);
        await cluster.EmptyAsync();
    }

    [NeedsFact("sleep")]
    public async Task A_pid_that_is_another_programs_by_the_time_an_agent_comes_is_left_alone()
    {
        await using var cluster = await BeganAsync("#!/bin/sh\nexec sleep 10000\n");
        Assert.NotNull(await cluster.TryApplyAsync(Many(cluster, "")));
        await ReadyAsync(cluster, 1);
        var pid = cluster.Marked().Single().Key;
        cluster.KillAgent();
        ProcessCluster.KillPid(pid);
        using var other = await TakePidAsync(pid);
        try
        {
            cluster.StartAgent();
            await cluster.AgentSaysAsync("web.0: started");
            Assert.Contains("ended while no agent watched it", cluster.Said, StringComparison.Ordinal);
            Assert.NotEqual(pid, cluster.Marked().Single().Key);
            Assert.False(other.HasExited);
            await cluster.EmptyAsync();
            Assert.False(other.HasExited);
        }
        finally
        {
            other.Kill();
        }
    }

    [NeedsFact("faketime", "python3")]
    public async Task A_clock_set_back_an_hour_and_then_forward_a_day_restarts_nothing_and_makes_nothing_unready()
    {
        await using var cluster = await BeganAsync($$"""
            #!/bin/sh
            exec python3 -c '{{Server}}'

            """, startAgent: false);
        var clock = cluster.Shared("clock");
        await File.WriteAllTextAsync(clock, "+0s\n");
        cluster.StartAgent(
            ("LD_PRELOAD", FakeClock), ("FAKETIME_TIMESTAMP_FILE", clock), ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("DONT_FAKE_MONOTONIC", "1"));
        Assert.NotNull(await cluster.TryApplyAsync(Many(
            cluster, "ports: { http: dynamic }, probe: { http: /, port: http, every: 200ms }")));
        await ReadyAsync(cluster, 1);
        var pid = cluster.Marked().Single().Key;
        foreach (var shift in (string[])["-1h", "+1d", "+0s"])
        {
            await File.WriteAllTextAsync(clock, shift + "\n");
            for (var second = 0; second < 4; second++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1));
                var status = (await cluster.StatusAsync()).Services.Single();
                Assert.Equal((1, pid), (status.Ready, status.Instances.Single().Status!.Pid));
            }
        }

        // It took: what the agent says of a kill now and under another clock differs by that clock.
        await File.WriteAllTextAsync(clock, "+1d\n");
        ProcessCluster.KillPid(pid);
        await cluster.AgentSaysAsync("killed by SIGKILL");
        var exit = cluster.Said.Split('\n').Single(l => l.Contains("killed by SIGKILL; it ran", StringComparison.Ordinal));
        var day = TimeProvider.System.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        Assert.StartsWith(day, exit, StringComparison.Ordinal);
        Assert.DoesNotContain(" day", exit, StringComparison.Ordinal);
        await ReadyAsync(cluster, 1);
        await cluster.EmptyAsync();
    }

    [NeedsFact("sleep")]
    public async Task Masters_and_agents_killed_during_applies_pushes_and_restarts_lose_nothing_acknowledged_and_converge()
    {
        var random = new Random(RunSeed.Of(output));
        await using var cluster = await BeganAsync();
        var acknowledged = new ConcurrentDictionary<SpecNumber, string>();
        var pushed = new ConcurrentBag<string>();
        for (var round = 1; round <= Rounds; round++)
        {
            var before = acknowledged.Count;
            var storm = Task.WhenAll(
                ApplyAsync(cluster, round, acknowledged), PushAsync(cluster, round, pushed), RestartAsync(cluster));
            await DevFixture.Until("an apply is acknowledged", Soon, () => Task.FromResult(acknowledged.Count > before));
            await Task.Delay(random.Next(400));
            var agentToo = random.Next(2) == 0;
            if (agentToo)
            {
                cluster.KillAgent();
            }

            await Task.Delay(random.Next(30));
            cluster.KillMaster();
            await storm;
            await cluster.StartMasterAsync();
            if (agentToo)
            {
                cluster.StartAgent();
            }
        }

        var newest = acknowledged.MaxBy(a => a.Key);
        var applied = await cluster.Http.GetStringAsync(new Uri($"/v1/specs/{newest.Key}", UriKind.Relative));
        Assert.Equal(newest.Value, JsonSerializer.Deserialize(applied, WireJson.Default.AppliedSpec)!.Text);
        foreach (var version in pushed)
        {
            await cluster.Http.GetStringAsync(new Uri($"/v1/releases/web/{version}/manifest", UriKind.Relative));
        }

        // One more, seen to the end: what is told to run runs, and nothing else does.
        Assert.NotNull(await cluster.TryApplyAsync(Storm(cluster, "last")));
        await ReadyAsync(cluster, 3);
        var said = (await cluster.StatusAsync()).Services.Single().Instances.Select(i => i.Status!.Pid!.Value).Order();
        Assert.Equal(said, cluster.Marked().Keys.Order());
        output.WriteLine($"{acknowledged.Count} applies and {pushed.Count} pushes were acknowledged");
        await cluster.EmptyAsync();
    }

    [NeedsFact("setpriv")]
    public async Task An_agent_that_may_not_write_to_its_directory_says_so_and_ends()
    {
        var closed = Directory.CreateTempSubdirectory("zurg-closed-");
        try
        {
            File.SetUnixFileMode(closed.FullName, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            var setpriv = Environment.UserName == "root" ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "";

            // What the launcher has built is run itself: another user may not build.
            Assert.Equal(0, (await ZurgProgram.RunAsync(Path.GetTempPath(), "version")).ExitCode);
            var current = (await File.ReadAllLinesAsync(Path.Combine(ZurgProgram.Root, ".build/cli.current")))[0];
            using var agent = Process.Start(new ProcessStartInfo("/bin/sh", [
                "-c", $"exec {setpriv} '{current}/zurg' agent --master http://127.0.0.1:1 --token-file /none --host h --cell c "
                    + $"--dir '{closed.FullName}/agent' --socket '{closed.FullName}/s'"])
            {
                UseShellExecute = false,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            var said = agent.StandardOutput.ReadToEndAsync();
            var errors = await agent.StandardError.ReadToEndAsync();
            using var late = new CancellationTokenSource(Soon);
            await agent.WaitForExitAsync(late.Token);
            Assert.Equal(1, agent.ExitCode);
            Assert.Contains(closed.FullName, errors + await said, StringComparison.Ordinal);
            Assert.Contains("denied", errors, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        }
        finally
        {
            closed.Delete(recursive: true);
        }
    }

    /// <summary>Answers every GET.</summary>
    private const string Server = """
        import http.server, os
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
            def log_message(self, *words):
                pass
        http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT_HTTP"])), Answer).serve_forever()
        """;

    private static async Task<ProcessCluster> BeganAsync(string script = "#!/bin/sh\nexec sleep 10000\n", bool startAgent = true)
    {
        var cluster = new ProcessCluster();
        try
        {
            await cluster.StartMasterAsync();
            Assert.True(await cluster.TryPushAsync("web", "1", script));
            Assert.True(await cluster.TryPushAsync("many", "1", script));
            if (startAgent)
            {
                cluster.StartAgent();
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>One away at a time, without a spare and without a bake.</summary>
    private const string AtOnce = "update: { canary: 0, batch: 100%, bake: 0s, max_unavailable: 1, surge: 0 }";

    private static string Many(ProcessCluster cluster, string more) => $$"""
        cluster: e2e
        services:
          web:
            { {{(more.Length > 0 ? more + ", " : "")}}release: 1, run: run, instances: 1, env: { E2E_MARK: {{cluster.Mark}} },
              {{AtOnce}} }
        """;

    private static string Storm(ProcessCluster cluster, string word) => $$"""
        cluster: e2e
        services:
          web:
            { release: 1, run: run, instances: 3, env: { E2E_MARK: {{cluster.Mark}}, WORD: {{word}} }, stop: { grace: 1s },
              {{AtOnce}} }
        """;

    private static async Task ApplyAsync(ProcessCluster cluster, int round, ConcurrentDictionary<SpecNumber, string> acknowledged)
    {
        for (var i = 0; ; i++)
        {
            var yaml = Storm(cluster, string.Create(CultureInfo.InvariantCulture, $"w{round}x{i}"));
            if (await cluster.TryApplyAsync(yaml) is not { } number)
            {
                return;
            }

            Assert.True(acknowledged.TryAdd(number, yaml), $"spec {number} was acknowledged twice");
        }
    }

    private static async Task PushAsync(ProcessCluster cluster, int round, ConcurrentBag<string> pushed)
    {
        for (var i = 0; ; i++)
        {
            var version = string.Create(CultureInfo.InvariantCulture, $"2.{round}.{i}");
            if (!await cluster.TryPushAsync("web", version, $"#!/bin/sh\n# {version}\n"))
            {
                return;
            }

            pushed.Add(version);
        }
    }

    private static async Task RestartAsync(ProcessCluster cluster)
    {
        try
        {
            while (true)
            {
                using var asked = await cluster.Http.PostAsync(new Uri("/v1/services/web/restart", UriKind.Relative), null);
                await Task.Delay(50);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The master is gone.
        }
    }

    /// <summary>Another program under just this pid: the kernel gives them in order, from where it is told (proc(5)).</summary>
    private static async Task<Process> TakePidAsync(int pid)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            await File.WriteAllTextAsync(
                "/proc/sys/kernel/ns_last_pid", (pid - 1).ToString(CultureInfo.InvariantCulture));
            var other = Process.Start("sleep", "10002");
            if (other.Id == pid)
            {
                return other;
            }

            other.Kill();
            other.Dispose();
            await Task.Delay(10);
        }

        throw new InvalidOperationException($"pid {pid} was always taken by something else");
    }

    private static Task ReadyAsync(ProcessCluster cluster, int instances) => DevFixture.Until("all are ready", Soon, async () =>
    {
        var status = await cluster.StatusAsync();
        var pids = status.Services.SelectMany(s => s.Instances).Select(i => i.Status?.Pid).ToList();
        return status.Converged && pids.Count == instances
            && pids.TrueForAll(p => p is { } pid && Directory.Exists($"/proc/{pid}"));
    });
}
