using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Hands;

/// <summary>Real programs that are told of changed files by a signal, and when the agent says that they go by them.</summary>
public sealed class ReloadHandsTests : IAsyncLifetime
{
    /// <summary>Copies its file when it is told to.</summary>
    private const string InPlace = "#!/bin/sh\ntrap 'cp web.conf seen' HUP\ntouch up\nwhile :; do sleep 0.05; done\n";

    /// <summary>
    /// Like nginx: a worker that listens, and another one in its place at each HUP; the old one stops listening and ends when it
    /// is told to, here by files.
    /// </summary>
    private const string Replacing = """
        import os, signal, socket, time
        def until(path):
            while not os.path.exists(path):
                time.sleep(0.02)
        def serve(listener):
            told = []
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGQUIT, lambda *_: told.append(1))
            while not told:
                time.sleep(0.02)
            until('let-go')
            listener.close()
            until('finish')
            os._exit(0)
        def fork():
            listener = socket.create_server(('127.0.0.1', 0))
            pid = os.fork()
            if pid == 0:
                serve(listener)
            listener.close()
            open('workers', 'a').write('%d\n' % pid)
            return pid
        def reload(*_):
            global worker
            old, worker = worker, fork()
            os.kill(old, signal.SIGQUIT)
        worker = fork()
        signal.signal(signal.SIGHUP, reload)
        open('up', 'w')
        while True:
            time.sleep(0.05)
        """;

    private static readonly ServiceName Solver = new("solver");

    private readonly HandsBench _bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task A_program_that_reads_again_in_place_goes_by_its_file_a_moment_after_it_took_the_signal()
    {
        var run = await RunAsync(InPlace);
        await ChangeAsync(2);
        Reload(run);
        Assert.Equal(ReloadProgress.TakenOver, (await _bench.NextAsync<AgentInput.ReloadTold>()).Progress);
        var done = await _bench.NextAsync<AgentInput.ReloadTold>();
        Assert.Equal((ReloadProgress.Done, "HUP", null), (done.Progress, done.Signal, done.Hold));
        Assert.Equal("9002,", await File.ReadAllTextAsync(In("seen")));
        Assert.Equal("web.0#1 solver 2", _bench.Uses.Last());
    }

    [ProgramFact("python3")]
    public async Task A_program_that_replaces_its_processes_goes_by_its_file_when_those_of_before_have_ended()
    {
        _bench.AddFile("master.py", Replacing, false);
        var run = await RunAsync($"#!/bin/sh\nexec python3 {_bench.Release}/master.py\n");
        await ChangeAsync(2);
        Reload(run);

        // The new one serves, and the old one as well: nothing is over.
        await Eventually.TrueAsync(() => File.ReadAllLines(In("workers")).Length == 2, "there is a second worker");
        var waits = await _bench.NextAsync<AgentInput.ReloadTold>();
        var old = File.ReadAllLines(In("workers"))[0];
        Assert.Equal((ReloadProgress.Waits, HoldReason.WaitsForReload), (waits.Progress, waits.Hold!.Reason));
        Assert.Contains($"process {old} (python3", waits.Hold.Text, StringComparison.Ordinal);
        Assert.EndsWith("of before still runs", waits.Hold.Text, StringComparison.Ordinal);

        await File.WriteAllTextAsync(In("let-go"), "");
        var finishes = await _bench.NextAsync<AgentInput.ReloadTold>();
        Assert.Equal(ReloadProgress.TakenOver, finishes.Progress);
        Assert.Contains("of before finishes what is under way", finishes.Hold!.Text, StringComparison.Ordinal);
        Assert.Equal("web.0#1 solver 1", _bench.Uses.Last());

        await File.WriteAllTextAsync(In("finish"), "");
        Assert.Equal(ReloadProgress.Done, (await _bench.NextAsync<AgentInput.ReloadTold>()).Progress);
        Assert.Equal("web.0#1 solver 2", _bench.Uses.Last());
        Assert.True(ProcessStat.IsAlive(run.Process));
    }

    [Fact]
    public async Task A_program_without_a_handler_is_not_ended_by_the_signal_and_gets_it_once_it_has_one()
    {
        var run = await RunAsync($"#!/bin/sh\ntouch up\nuntil [ -e go ]; do sleep 0.05; done\n{InPlace}");
        await ChangeAsync(2);
        Reload(run);
        var held = (await _bench.NextAsync<AgentInput.ReloadTold>()).Hold!;
        Assert.Contains("SIGHUP, which is to tell it, would end it", held.Text, StringComparison.Ordinal);
        Assert.True(ProcessStat.IsAlive(run.Process));
        Assert.Equal("web.0#1 solver 1", _bench.Uses.Last());
        await File.WriteAllTextAsync(In("go"), "");
        await DoneAsync();
        Assert.Equal("9002,", await File.ReadAllTextAsync(In("seen")));
        Assert.Equal("web.0#1 solver 2", _bench.Uses.Last());
    }

    [ProgramFact("python3")]
    public async Task A_program_that_keeps_the_signal_back_and_asks_for_it_gets_it()
    {
        _bench.AddFile("main.py", """
            import os, signal
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
            open('up', 'w')
            while signal.sigwait([signal.SIGHUP]):
                os.system('cp web.conf seen')
            """, false);
        var run = await RunAsync($"#!/bin/sh\nexec python3 {_bench.Release}/main.py\n");
        await ChangeAsync(2);
        Reload(run);
        await DoneAsync();
        Assert.Equal("9002,", await File.ReadAllTextAsync(In("seen")));
    }

    [Fact]
    public async Task What_done_says_is_asked_until_it_ends_with_0()
    {
        _bench.AddFile("check", "#!/bin/sh\necho \"asked by $ZURG_INSTANCE: $1\"\n[ -e ok ]\n");
        var run = await RunAsync(InPlace, "check", "${index}");
        await ChangeAsync(2);
        Reload(run);
        var held = (await _bench.NextAsync<AgentInput.ReloadTold>()).Hold!;
        Assert.EndsWith("and done: (check ${index}) ended with exit code 1", held.Text, StringComparison.Ordinal);
        Assert.Equal("web.0#1 solver 1", _bench.Uses.Last());
        await File.WriteAllTextAsync(In("ok"), "");
        await DoneAsync();
        Assert.Equal("web.0#1 solver 2", _bench.Uses.Last());
        Assert.Contains(
            "asked by web.0: 0\n", await File.ReadAllTextAsync(_bench.Paths.Log(AgentSamples.Web)), StringComparison.Ordinal);
    }

    /// <summary>Each ends what it finds of its kind, so two at a time might end each other's for ever.</summary>
    [Fact]
    public async Task Two_looks_at_one_signal_ask_what_done_says_one_after_the_other()
    {
        _bench.AddFile(
            "check",
            "#!/bin/sh\necho >> runs\n[ -e runs.one ] && touch runs.two\ntouch runs.one\nsleep 0.2\nrm runs.one\n[ -e ok ]\n");
        var run = await RunAsync(InPlace, "check");
        await ChangeAsync(2);
        Reload(run);
        Reload(run);
        await Eventually.TrueAsync(() => File.Exists(In("runs")) && new FileInfo(In("runs")).Length > 5, "both ask");
        await File.WriteAllTextAsync(In("ok"), "");
        await DoneAsync();
        await DoneAsync();
        Assert.False(File.Exists(In("runs.two")), "one was ended, or not waited for");
        Assert.Equal("web.0#1 solver 2", _bench.Uses.Last());
    }

    [Fact]
    public async Task What_an_earlier_agent_owed_is_not_in_use_before_it_is_sent_again()
    {
        var run = await RunAsync(InPlace);
        await ChangeAsync(2);
        await _bench.RestartAgentAsync();
        _bench.Uses.Clear();
        _bench.Hands.Observe(new AgentState
        {
            Host = new HostId("host1"),
            Instances = ImmutableSortedDictionary<InstanceId, InstanceState>.Empty.Add(AgentSamples.Web, new InstanceState
            {
                Assigned = run.Assigned, Incarnation = AgentSamples.First, Phase = InstancePhase.Running, Since = default,
                Launch = run.Launch, Process = run.Process, Reloads = [new ReloadState("HUP") { Owed = true }],
            }),
        });
        _bench.Hands.Begin(new AgentEffect.Find(run.Assigned, AgentSamples.First, run.Process, run.Launch));
        await _bench.NextAsync<AgentInput.Found>();
        await _bench.PushWhenWatchedAsync(Set(3, 9002));
        Assert.DoesNotContain(_bench.Uses, u => u.Contains("solver", StringComparison.Ordinal));
        Reload(run);
        await DoneAsync();
        await Eventually.TrueAsync(() => _bench.Uses.Last() == "web.0#1 solver 3", "the newest set is used");
        Assert.Equal("9002,", await File.ReadAllTextAsync(In("seen")));
    }

    [ProgramFact("nginx")]
    public async Task An_nginx_uses_its_new_upstream_only_when_the_last_request_of_its_old_workers_is_over()
    {
        using var slow = new TcpListener(IPAddress.Loopback, 0);
        slow.Start();
        var port = ((IPEndPoint)slow.LocalEndpoint).Port;
        _bench.AddFile("web.hbs", NginxConf, false);
        var nginx = ProgramFactAttribute.Find("nginx");
        var run = await RunAsync($"#!/bin/sh\nexec {nginx} -e stderr -p \"$PWD\" -c \"$PWD/web.conf\"\n", port);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, run.Launch.Ports[AgentSamples.Http]);
        await client.GetStream().WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray());
        using var upstream = await slow.AcceptTcpClientAsync();

        await ChangeAsync(2, port + 1);
        Reload(run);
        Assert.Equal(ReloadProgress.TakenOver, (await _bench.NextAsync<AgentInput.ReloadTold>()).Progress);
        var held = (await _bench.NextAsync<AgentInput.ReloadTold>()).Hold!;
        Assert.Contains("nginx: worker process is shutting down) of before finishes", held.Text, StringComparison.Ordinal);
        Assert.Equal("web.0#1 solver 1", _bench.Uses.Last());

        await upstream.GetStream().WriteAsync("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        upstream.Close();
        Assert.EndsWith("ok", await new StreamReader(client.GetStream()).ReadToEndAsync(), StringComparison.Ordinal);
        await DoneAsync();
        Assert.Equal("web.0#1 solver 2", _bench.Uses.Last());

        // A file that it refuses: it goes on as it was, and that is what is said.
        await ChangeAsync(3, 99_999);
        Reload(run);
        held = (await _bench.NextAsync<AgentInput.ReloadTold>()).Hold!;
        Assert.Contains("nginx: worker process) of before still runs", held.Text, StringComparison.Ordinal);
        Assert.Contains("did it refuse its new file?", held.Mend, StringComparison.Ordinal);
        await ChangeAsync(4, port + 1);
        Reload(run);
        await DoneAsync();
        Assert.Equal("web.0#1 solver 4", _bench.Uses.Last());
    }

    private const string NginxConf = """
        daemon off;
        worker_processes 1;
        pid nginx.pid;
        events { worker_connections 64; }
        http {
          access_log off;
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
          upstream solver { {{#each endpoints.solver}}server {{address}}:{{ports.http}};{{/each}} }
          server { listen 127.0.0.1:{{ports.http}}; location / { proxy_pass http://solver; } }
        }

        """;

    private Task<Run> RunAsync(string script, params string[] done) => RunAsync(script, 9001, done);

    private async Task<Run> RunAsync(string script, int solver, params string[] done)
    {
        _bench.AddFile("run", script);
        if (!File.Exists(Path.Combine(_bench.Release, "web.hbs")))
        {
            _bench.AddFile("web.hbs", "{{#each endpoints.solver}}{{ports.http}},{{/each}}", false);
        }

        var template = new TemplateSpec(
            "web.hbs", "web.conf", TemplateThen.Reload, "HUP", done.Length == 0 ? null : [.. done]);
        var assigned = AgentSamples.Assigned(
            s => s with { Templates = [template], Ports = AgentSamples.Specs(("http", null)) }) with { DependsOn = [Solver] };
        _bench.Push(Set(1, solver));
        var (launch, process) = await _bench.RunAsync(assigned);
        await Eventually.TrueAsync(
            () => File.Exists(In("up")) || File.Exists(In("nginx.pid")), "the program has begun");
        await Eventually.TrueAsync(() => _bench.Uses.LastOrDefault() == "web.0#1 solver 1", "its first set is used");
        return new Run(assigned, launch, process);
    }

    private async Task ChangeAsync(long revision, int port = 9002)
    {
        await _bench.PushWhenWatchedAsync(Set(revision, port));
        await _bench.NextAsync<AgentInput.TemplateChanged>();
    }

    private void Reload(Run run) => _bench.Hands.Begin(
        new AgentEffect.Reload(run.Assigned, AgentSamples.First, run.Process, run.Launch, "HUP", Start));

    private async Task DoneAsync()
    {
        // It may be told of waits before.
        var began = TimeProvider.System.GetTimestamp();
        while ((await _bench.NextAsync<AgentInput.ReloadTold>()).Progress != ReloadProgress.Done)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1), "it waits on and on");
        }
    }

    private string In(string file) => Path.Combine(_bench.Paths.Instance(AgentSamples.Web), file);

    private static EndpointSet Set(long revision, int port) => AgentSamples.Set("solver", revision, port);

    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private sealed record Run(AssignedInstance Assigned, Launch Launch, ProcessIdentity Process);
}
