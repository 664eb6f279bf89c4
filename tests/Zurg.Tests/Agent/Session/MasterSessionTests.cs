using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Session;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Session;

public sealed class MasterSessionTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly AgentInbox _brain = new();
    private readonly ConcurrentQueue<AgentInput> _taken = new();
    private readonly ConcurrentQueue<EndpointSet> _sets = new();
    private FakeMaster _master = null!;
    private MasterSession _session = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _master = await FakeMaster.StartAsync();
        await File.WriteAllTextAsync(_directory["token"], "secret\n");
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(Eventually.Deadline);
        await _master.DisposeAsync();
        _directory.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task It_says_hello_first_with_the_token_and_joins_the_cluster_that_lets_it_in()
    {
        Start();
        var visit = await _master.VisitAsync();

        Assert.Equal("Bearer secret", _master.Tokens.First());
        Assert.Equal("host1", visit.Hello!.Host.Value);
        Assert.Equal(7, visit.Hello.AgentEpoch.Value);
        Assert.Null(visit.Hello.ClusterId);
        await Eventually.TrueAsync(() => File.Exists(_directory["cluster_id"]), "joined");
        Assert.Equal("c1", File.ReadAllText(_directory["cluster_id"]).Trim());
    }

    [Fact]
    public async Task Assignments_kept_events_and_endpoints_reach_their_takers()
    {
        Start();
        var visit = await _master.VisitAsync();
        await visit.SendAsync(new MasterMessage { Assignment = new Assignment { Host = new HostId("host1"),
            Generation = new Generation(3) } });
        await visit.SendAsync(new MasterMessage { EventsKept = 12 });
        await visit.SendAsync(new MasterMessage { Endpoints = new EndpointSet { Service = new ServiceName("web"),
            Revision = new Revision(4) } });

        await Eventually.TrueAsync(() => Inputs.Count == 2 && _sets.Count == 1, "three messages dispatched");
        Assert.Equal(3, Assert.IsType<AgentInput.Assigned>(Inputs.First()).Assignment.Generation.Value);
        Assert.Equal(12, Assert.IsType<AgentInput.EventsKept>(Inputs.Last()).Number);
        Assert.Equal(4, _sets.First().Revision.Value);
    }

    [Fact]
    public async Task A_log_request_is_answered_with_its_nonce_and_a_fault_in_words()
    {
        Start();
        var visit = await _master.VisitAsync();
        await visit.SendAsync(new MasterMessage { Log = new LogRequest(5, InstanceId.Parse("web.0"), 0, 10, TimeSpan.Zero) });
        Assert.Equal(new LogChunk(5, 0, 3, "log"), (await visit.ReadAsync())!.Log);

        await visit.SendAsync(new MasterMessage { Log = new LogRequest(6, InstanceId.Parse("web.1"), 0, 10, TimeSpan.Zero) });
        Assert.Equal("no log of web.1", (await visit.ReadAsync())!.Log!.Problem);
    }

    [Fact]
    public async Task The_newest_report_replaces_one_not_sent_and_nothing_is_reported_by_itself()
    {
        Start(run: false);
        _session.Report(ReportOf(1));
        _session.Report(ReportOf(2));
        _running = _session.RunAsync(Hello, _stop.Token);
        var visit = await _master.VisitAsync();
        Assert.Equal(2, (await visit.ReadAsync())!.Report!.Number);

        var silence = visit.ReadAsync();
        _session.Report(ReportOf(3));
        Assert.Equal(3, (await silence)!.Report!.Number);
    }

    [Fact]
    public async Task A_session_that_breaks_is_followed_by_another_that_says_the_subscription_again()
    {
        Start();
        _session.Subscribe(new NamingSubscription { Services = [new ServiceName("web")] });
        var visit = await _master.VisitAsync();
        Assert.Equal("web", (await visit.ReadAsync())!.Naming!.Services.Single().Value);
        await File.WriteAllTextAsync(_directory["token"], "changed");
        visit.Socket.Abort();
        visit.Ended.SetResult();

        var next = await _master.VisitAsync();
        Assert.Equal("c1", next.Hello!.ClusterId);
        Assert.Equal("web", (await next.ReadAsync())!.Naming!.Services.Single().Value);
        Assert.Equal("Bearer changed", _master.Tokens.Last());
    }

    [Fact]
    public async Task What_consumers_use_is_said_after_what_they_follow_newest_only_and_again_in_each_session()
    {
        Start();
        _session.Confirm(Uses(1));
        _session.Confirm(Uses(2));
        _session.Subscribe(new NamingSubscription { Services = [new ServiceName("web")] });
        for (var sessions = 0; sessions < 2; sessions++)
        {
            var visit = await _master.VisitAsync();
            Assert.NotNull((await visit.ReadAsync())!.Naming);
            Assert.Equal(2, (await visit.ReadAsync())!.Confirmed!.Services.Single().Revision.Value);
            visit.Socket.Abort();
            visit.Ended.SetResult();
        }

        static NamingConfirmation Uses(long revision) =>
            new() { Services = [new ConfirmedRevision(new ServiceName("web"), new Revision(revision))] };
    }

    [Fact]
    public async Task What_was_seen_of_uses_waits_for_the_next_master_to_ask()
    {
        Start();
        _session.Say(new HostUses { Number = 1, Since = default });
        _session.Say(new HostUses { Number = 2, Since = default });
        var visit = await _master.VisitAsync();
        _session.Measure(HostSamples.Measures(disk: 1));
        Assert.Null((await visit.ReadAsync())!.Uses);
        _session.Say(new HostUses { Number = 3, Since = default });
        Assert.Equal(3, (await visit.ReadAsync())!.Uses!.Number);
    }

    [Fact]
    public async Task The_newest_reading_of_the_host_is_said_again_in_each_session()
    {
        Start();
        _session.Measure(HostSamples.Measures(disk: 1));
        var visit = await _master.VisitAsync();
        Assert.Equal(1, (await visit.ReadAsync())!.Measures!.FileSystems[0].Free);
        _session.Measure(HostSamples.Measures(disk: 2));
        Assert.Equal(2, (await visit.ReadAsync())!.Measures!.FileSystems[0].Free);
        visit.Socket.Abort();
        visit.Ended.SetResult();

        var next = await _master.VisitAsync();
        Assert.Equal(2, (await next.ReadAsync())!.Measures!.FileSystems[0].Free);
    }

    [Fact]
    public async Task Who_is_let_in_and_thrown_out_again_each_time_dials_more_and_more_slowly()
    {
        Start();
        var began = TimeProvider.System.GetTimestamp();
        for (var visits = 0; visits < 6; visits++)
        {
            var visit = await _master.VisitAsync();
            visit.Socket.Abort();
            visit.Ended.SetResult();
        }

        // Half of 100, 200, 400, 800 and 1600 ms at the least.
        Assert.True(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMilliseconds(1_500));
    }

    [Fact]
    public async Task A_token_that_cannot_stand_in_a_header_is_trouble_that_passes()
    {
        await File.WriteAllTextAsync(_directory["token"], "two\nlines\0");
        Start();
        await Task.WhenAny(_running, Task.Delay(TimeSpan.FromMilliseconds(300)));
        Assert.False(_running.IsCompleted);
        await File.WriteAllTextAsync(_directory["token"], "secret");
        Assert.NotNull((await _master.VisitAsync()).Hello);
    }

    [Fact]
    public async Task A_report_from_before_a_long_silence_is_no_sign_of_life()
    {
        var time = new SettableTime();
        var slots = new SessionSlots(time);
        slots.Put(ReportOf(1));
        time.Advance(SessionSlots.ReportFresh + TimeSpan.FromSeconds(1));
        slots.Begin();
        await slots.WaitAsync(default);
        Assert.Null(slots.Take());

        slots.Put(ReportOf(2));
        slots.Begin();
        Assert.Equal(2, slots.Take()!.Report!.Number);
    }

    [Fact]
    public async Task A_master_of_another_cluster_is_refused_and_nothing_of_it_is_taken()
    {
        await File.WriteAllTextAsync(_directory["cluster_id"], "mine\n");
        Start();
        var visit = await _master.VisitAsync();
        Assert.Equal("mine", visit.Hello!.ClusterId);
        await visit.TrySendAsync("""{"events_kept":1}"""u8.ToArray());

        await _master.VisitAsync();
        Assert.Empty(Inputs);
        Assert.False(_session.Connected);
        Assert.Equal("mine", File.ReadAllText(_directory["cluster_id"]).Trim());
    }

    [Fact]
    public async Task A_refusal_in_the_welcome_joins_nothing()
    {
        _master.Refusal = "not you";
        Start();
        await _master.VisitAsync();
        await _master.VisitAsync();
        Assert.False(File.Exists(_directory["cluster_id"]));
    }

    [Theory]
    [InlineData("""{"novelty":{"a":1}}""")]
    [InlineData("""{"assignment":{"host":"host1"}}""")]
    [InlineData("""{"endpoints":{"service":"NO NAME","revision":1}}""")]
    [InlineData("null")]
    public async Task A_message_of_a_newer_build_is_counted_and_the_session_goes_on(string text)
    {
        Start();
        var visit = await _master.VisitAsync();
        await visit.SendAsync(Encoding.UTF8.GetBytes(text));
        await visit.SendAsync(new MasterMessage { EventsKept = 1 });

        await Eventually.TrueAsync(() => Inputs.Count == 1, "the message after it was taken");
        Assert.Equal(1, _session.NotUnderstood);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("hello")]
    public async Task A_message_that_is_no_json_ends_the_session(string text)
    {
        Start();
        var visit = await _master.VisitAsync();
        await visit.SendAsync(Encoding.UTF8.GetBytes(text));

        Assert.Null(await visit.ReadAsync());
        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, visit.Socket.CloseStatus);
        await _master.VisitAsync();
    }

    [Fact]
    public async Task A_message_over_the_limit_ends_the_session_and_one_just_below_does_not()
    {
        Start();
        var visit = await _master.VisitAsync();
        var fits = Encoding.UTF8.GetBytes("""{"events_kept":1}""".PadRight(SessionSocket.MessageBytesMax));
        await visit.SendAsync(fits);
        await Eventually.TrueAsync(() => Inputs.Count == 1, "the big one was taken");

        await visit.TrySendAsync([.. fits, (byte)' ']);
        await _master.VisitAsync();
        Assert.Single(Inputs);
    }

    [Fact]
    public async Task A_master_that_never_reads_delays_no_report()
    {
        Start();
        await _master.VisitAsync();
        await Eventually.TrueAsync(() => _session.Connected, "connected");
        var big = ReportOf(1) with
        {
            Events = [new EventRecord { Id = 1, At = DateTimeOffset.UnixEpoch, Kind = EventKind.Unknown,
                Text = new string('x', 100_000) }],
        };
        for (var i = 0; i < 1_000; i++)
        {
            _session.Report(big with { Number = i });
        }

        Assert.True(_session.Connected);
    }

    [Fact]
    public async Task A_master_that_has_gone_mute_is_dialled_again()
    {
        // Pongs come from a socket that is read, and nobody reads here.
        Start(patience: TimeSpan.FromMilliseconds(100));
        await _master.VisitAsync();
        await _master.VisitAsync();
        await _master.VisitAsync();
        Assert.False(_running.IsCompleted);
    }

    [Fact]
    public async Task At_its_end_it_says_goodbye()
    {
        Start();
        var visit = await _master.VisitAsync();
        await Eventually.TrueAsync(() => _session.Connected, "connected");
        await _stop.CancelAsync();
        Assert.Null(await visit.ReadAsync());
        Assert.Equal(WebSocketCloseStatus.NormalClosure, visit.Socket.CloseStatus);
    }

    /// <summary>What reached the brain so far; the waking ticks apart.</summary>
    private ConcurrentQueue<AgentInput> Inputs
    {
        get
        {
            while (_brain.TryTake(out var input))
            {
                if (input is not AgentInput.Tick)
                {
                    _taken.Enqueue(input);
                }
            }

            return _taken;
        }
    }

    private void Start(bool run = true, TimeSpan? patience = null)
    {
        var answers = new SessionAnswers(
            (request, _) => request.Instance.Index == 0
                ? Task.FromResult(new LogChunk(request.Nonce, 0, 3, "log"))
                : throw new IOException($"no log of {request.Instance}"),
            request => new ConfigAnswer { Nonce = request.Nonce, Text = "config", Next = 6 },
            request => new EnvAnswer { Nonce = request.Nonce, Problem = "none" },
            request => new CoreAnswer { Nonce = request.Nonce, Problem = "none" });
        var inbox = new SessionInbox(_brain, _sets.Enqueue, answers, _ => { }, _ => { });
        var options = new SessionOptions(_master.Url, _directory["token"]);
        options = patience is { } some ? options with { PingEvery = some, PongWithin = some } : options;
        _session = new MasterSession(options,
            new ClusterMembership(_directory["cluster_id"]), inbox, TimeProvider.System, NullLogger<MasterSession>.Instance);
        _running = run ? _session.RunAsync(Hello, _stop.Token) : Task.CompletedTask;
    }

    private static AgentHello Hello => new() { Host = new HostId("host1"), AgentEpoch = new Epoch(7), Description = Description };

    private static HostReport ReportOf(long number) => new() { Number = number, Applied = new Generation(1) };

    private static HostDescription Description => new()
    {
        Cell = new CellName("az1"),
        Address = "127.0.0.1",
        BootId = "boot",
        Build = "test",
        Memory = 1,
        Cpus = 1,
        Kernel = "linux",
        Limits = "none",
    };

    private sealed class SettableTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
