using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;
using Zurg.Agent.Cores;
using Zurg.Agent.Processes;
using Zurg.Protocol;
using Zurg.Sdk;
using Zurg.Tests.Agent.Artifacts;
using Zurg.Tests.Agent.Cores;
using Zurg.Tests.Agent.Local;
using Zurg.Tests.Agent.Session;

namespace Zurg.Tests.Agent;

public sealed class AgentHostTests : IAsyncLifetime
{
    private readonly FakeReleases _releases = FakeReleases.Start();
    private readonly FakeMaster _master = new();

    public Task InitializeAsync()
    {
        _releases.Before = async http =>
        {
            if (http.Request.Path != "/v1/agents/session")
            {
                return false;
            }

            await _master.HandleAsync(http);
            return true;
        };
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _releases.DisposeAsync();

    [Fact]
    public async Task It_runs_what_is_assigned_leaves_it_to_the_next_agent_and_stops_it_when_asked()
    {
        var manifest = _releases.Push("web@1.0.0", ("bin/run", "#!/bin/sh\nexec sleep 1000\n"));
        int pid;
        Epoch first;
        var agent = await AgentHost.StartAsync(Options, default);
        try
        {
            var visit = await _master.VisitAsync();
            first = visit.Hello!.AgentEpoch;
            await visit.SendAsync(new MasterMessage { Assignment = AssignmentOf(manifest) });
            pid = (await RunningAsync(visit)).Pid!.Value;
        }
        finally
        {
            await agent.StopAsync(stopInstances: false);
            await agent.DisposeAsync();
        }

        Assert.True(Directory.Exists($"/proc/{pid}"));
        agent = await AgentHost.StartAsync(Options, default);
        try
        {
            var visit = await _master.VisitAsync();
            Assert.True(visit.Hello!.AgentEpoch > first);
            Assert.Equal("c1", visit.Hello.ClusterId);
            Assert.Equal(pid, (await RunningAsync(visit)).Pid);
        }
        finally
        {
            await agent.StopAsync(stopInstances: true);
            await agent.DisposeAsync();
        }

        await Eventually.TrueAsync(() => !Directory.Exists($"/proc/{pid}"), "stopped");
        await agent.Completion;
    }

    [Fact]
    public async Task Consumers_resolve_through_it_and_again_after_a_restart_while_the_master_is_away()
    {
        await using (await AgentHost.StartAsync(Options, default))
        {
            var visit = await _master.VisitAsync();
            await using var client = new ZurgClient(Options.SocketPath);
            var resolving = client.ResolveAsync("solver", default);
            while ((await visit.ReadAsync())!.Naming?.Services.Contains(new ServiceName("solver")) != true)
            {
            }

            var set = NamingFixtures.Set("solver", 3, NamingFixtures.At("solver.0", 80, host: "host2"));
            await visit.SendAsync(new MasterMessage { Endpoints = set });
            Assert.Single((await resolving).Endpoints);
            await ConfirmedAsync(visit, 3);
            await visit.SendAsync(new MasterMessage { Endpoints = set with { Revision = new Revision(4) } });
            await ConfirmedAsync(visit, 4);
        }

        await using (await AgentHost.StartAsync(Options with { Master = new Uri("http://127.0.0.1:1") }, default))
        {
            await using var client = new ZurgClient(File.ReadAllText(Path.Combine(Options.Directory, "socket")).Trim());
            Assert.Equal(4, (await client.ResolveAsync("solver", default)).Revision);
        }

        static async Task ConfirmedAsync(FakeMaster.Visit visit, long revision)
        {
            var late = "";
            while ((await visit.ReadAsync())!.Confirmed is var said && said?.Services.SingleOrDefault() is var solver)
            {
                if (solver is { Late: [] } && solver.Revision.Value == revision)
                {
                    return;
                }

                late = solver?.Late.FirstOrDefault()?.Name ?? late;
                Assert.True(late.Length == 0 || late.StartsWith($"process {Environment.ProcessId} (", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task What_the_master_hears_of_a_set_survives_a_kill_of_the_agent()
    {
        await using var agent = await AgentHost.StartAsync(Options, default);
        var visit = await _master.VisitAsync();
        for (var revision = 1; revision <= 20; revision++)
        {
            await visit.SendAsync(new MasterMessage { Endpoints = NamingFixtures.Set("solver", revision) });
            while ((await visit.ReadAsync())!.Confirmed?.Services.SingleOrDefault()?.Revision.Value != revision)
            {
            }

            Assert.Contains($"\"revision\":{revision}", File.ReadAllText(Path.Combine(Options.Directory, "naming")),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_second_agent_gets_neither_the_directory_nor_the_socket()
    {
        await using var agent = await AgentHost.StartAsync(Options, default);
        var e = await Assert.ThrowsAsync<IOException>(() => AgentHost.StartAsync(Options, default));
        Assert.Contains("another agent works in", e.Message, StringComparison.Ordinal);

        var elsewhere = Options with { Directory = _releases.Directory["other"] };
        e = await Assert.ThrowsAsync<IOException>(() => AgentHost.StartAsync(elsewhere, default));
        Assert.Contains("another agent listens on", e.Message, StringComparison.Ordinal);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Options.SocketPath));
    }

    [Fact]
    public async Task A_release_that_was_edited_is_not_restarted_but_brought_again_and_the_master_hears_of_it()
    {
        var manifest = _releases.Push("web@1.0.0", ("bin/run", "#!/bin/sh\nexec sleep 1000\n"));
        var agent = await AgentHost.StartAsync(Options, default);
        try
        {
            var visit = await _master.VisitAsync();
            await visit.SendAsync(new MasterMessage { Assignment = AssignmentOf(manifest) });
            var running = await RunningAsync(visit);
            var program = Path.Combine(_releases.Directory["agent"], "releases", "web", "1.0.0", "bin", "run");
            var trace = _releases.Directory["edited-ran"];
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.WriteAllText(program, $"#!/bin/sh\ntouch {trace}\nexec sleep 1000\n");
            Process.GetProcessById(running.Pid!.Value).Kill();

            EventRecord? told = null;
            while (told is null || running.Incarnation.Value < 2)
            {
                var report = (await visit.ReadAsync())?.Report;
                told ??= report?.Events.FirstOrDefault(e => e.Kind == EventKind.ReleaseQuarantined);
                running = report?.Instances is [{ Phase: InstancePhase.Running } again] ? again : running;
            }

            Assert.Equal("web.0", told.Instance?.Value);
            Assert.Contains("bin/run", told.Text, StringComparison.Ordinal);
            Assert.False(File.Exists(trace));
        }
        finally
        {
            await agent.StopAsync(stopInstances: true);
            await agent.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_agent_that_shares_tells_the_master_where()
    {
        var options = Options with { Share = new IPEndPoint(IPAddress.Loopback, 0) };
        await using var agent = await AgentHost.StartAsync(options, default);
        var visit = await _master.VisitAsync();
        Assert.NotNull(agent.ShareUrl);
        Assert.Equal(agent.ShareUrl, visit.Hello!.Description.Share);
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(agent.ShareUrl, $"v1/artifacts/{Digest.Of("x"u8)}"));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Every_problem_of_the_options_is_told_at_once()
    {
        var path = new string('x', 108);
        var bad = Options with
        {
            Address = "here", Master = new Uri("ftp://x"), Ports = (10, 5), SocketPath = path,
            Share = new IPEndPoint(IPAddress.Any, 1),
        };
        var e = await Assert.ThrowsAsync<ArgumentException>(() => AgentHost.StartAsync(bad, default));
        Assert.Equal(5, bad.Validate().Length);
        Assert.All(bad.Validate(), p => Assert.Contains(p, e.Message, StringComparison.Ordinal));
        Assert.Empty(Options.Validate());
    }

    [Fact]
    public void The_host_is_described_as_the_kernel_tells()
    {
        Assert.Equal(2048L * 1024, ThisHost.Memory(["MemFree:  1 kB", "MemTotal:       2048 kB"]));
        var description = ThisHost.Describe(Options, CgroupSite.None("none"));
        Assert.True(Guid.TryParse(description.BootId, out _));
        Assert.InRange(description.Memory, 1, long.MaxValue);
        Assert.InRange(ThisHost.EphemeralFrom(), 1, 65_535);
    }

    [SmallDiskFact]
    public async Task On_a_full_disk_what_ends_is_started_again()
    {
        using var disk = new SmallDisk(64);
        var manifest = _releases.Push("web@1.0.0", ("bin/run", "#!/bin/sh\nexec sleep 1000\n"));
        await using var agent = await AgentHost.StartAsync(Options with { Directory = disk["agent"] }, default);
        try
        {
            var visit = await _master.VisitAsync();
            await visit.SendAsync(new MasterMessage { Assignment = AssignmentOf(manifest, attempts: 1000) });
            var pid = (await RunningAsync(visit)).Pid!.Value;
            Assert.Throws<IOException>(() => disk.Fill("other", 64 * 1024 * 1024));
            Assert.Throws<IOException>(() => disk.Fill("more", 64 * 1024));
            for (var kills = 0; kills < 5; kills++)
            {
                _ = Libc.Kill(pid, 9);
                pid = (await RunningAsync(visit, other: pid)).Pid!.Value;
            }
        }
        finally
        {
            await agent.StopAsync(stopInstances: true);
        }
    }

    [Fact]
    public async Task A_release_whose_core_dump_is_kept_is_not_collected()
    {
        using var bench = new CoreBench();
        var kept = bench.Shelf().Take(new CoreSearch.Found(bench.Core(41), IsOurs: true), bench.Dumped(41)).Kept!;
        Assert.Equal("web@1.0.0", kept.Release.Value);
        string[] versions = ["1.0.0", "1.0.1", "1.0.2", "1.0.3"];
        var trees = versions.Select(v => bench.Paths.Release(ReleaseId.Parse($"web@{v}"))).ToArray();
        Array.ForEach(trees, t => Directory.CreateDirectory(t));
        await using var agent = await AgentHost.StartAsync(Options with { Directory = bench.Paths.Directory }, default);
        var visit = await _master.VisitAsync();

        // Only now does it know what it needs. Two that nothing needs may stay; the oldest goes first.
        await visit.SendAsync(new MasterMessage { Assignment = AssignmentOf(Digest.Of("none"u8)) with { Instances = [] } });

        await Eventually.TrueAsync(() => !Directory.Exists(trees[1]), "the one that nothing needs is removed");
        Assert.Equal([true, false, true, true], trees.Select(Directory.Exists));
    }

    private static async Task<InstanceStatus> RunningAsync(FakeMaster.Visit visit, int other = 0)
    {
        while (true)
        {
            var message = await visit.ReadAsync();
            Assert.NotNull(message);
            if (message.Report?.Instances is [{ Phase: InstancePhase.Running, Pid: not null } running] && running.Pid != other)
            {
                return running;
            }

            var hold = message.Report?.Instances.FirstOrDefault()?.Hold;
            Assert.True(hold is null or { Reason: HoldReason.BackingOff }, hold?.Text);
        }
    }

    private static Assignment AssignmentOf(Digest manifest, int attempts = 3) => new()
    {
        Host = new HostId("host1"),
        Generation = new Generation(1),
        Instances =
        [
            new AssignedInstance
            {
                Instance = InstanceId.Parse("web.0"),
                Wanted = WantedPhase.Running,
                Spec = new InstanceSpec { Release = ReleaseId.Parse("web@1.0.0"), Run = "bin/run" },
                SpecDigest = Digest.Of("spec"u8),
                Restarts = 0,
                Manifest = manifest,
                Restart = new RestartPolicy(
                    TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), attempts),
                Stop = new StopPolicy("TERM", TimeSpan.FromSeconds(5)),
            },
        ],
    };

    [Fact]
    public async Task It_runs_no_commands_of_others_when_it_was_told_so()
    {
        var answers = Channel.CreateBounded<ExecMessage>(10);
        var session = _releases.Before!;
        _releases.Before = async http =>
        {
            if (!http.Request.Path.StartsWithSegments("/v1/agents/exec"))
            {
                return await session(http);
            }

            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[4096];
            var length = (await socket.ReceiveAsync(buffer, http.RequestAborted)).Count;
            await answers.Writer.WriteAsync(
                JsonSerializer.Deserialize(buffer.AsSpan(0, length), WireJson.Default.ExecMessage)!, http.RequestAborted);
            return true;
        };
        foreach (var allowed in (bool[])[false, true])
        {
            await using var agent = await AgentHost.StartAsync(Options with { Exec = allowed }, default);
            var visit = await _master.VisitAsync();
            await visit.SendAsync(new MasterMessage { Exec = new ExecRequest("t") { Command = ["true"] } });
            var answer = await answers.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Deadline);
            Assert.Equal((allowed, !allowed), (answer.Started is not null, answer.Ended?.Problem?.Contains("--no-exec") is true));
        }
    }

    private AgentOptions Options => new()
    {
        Directory = _releases.Directory["agent"],
        Host = new HostId("host1"),
        Cell = new CellName("az1"),
        Labels = ImmutableSortedDictionary<string, string>.Empty,
        Master = _releases.Url,
        TokenFile = _releases.Directory["token"],
        SocketPath = _releases.Directory["a.sock"],
        Time = TimeProvider.System,
        Logs = NullLoggerFactory.Instance,
    };
}
