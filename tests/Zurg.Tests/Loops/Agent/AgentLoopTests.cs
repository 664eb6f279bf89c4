using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Loops.Agent;

public sealed class AgentLoopTests : IAsyncLifetime, IDisposable, IAgentHands, IMasterSession, IAgentObserver
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<string> _log = [];
    private readonly List<HostReport> _reports = [];
    private readonly ManualTime _time = new();
    private readonly MemoryAgentJournal _journal = new();
    private readonly AgentInbox _inbox = new();
    private readonly CancellationTokenSource _stop = new();
    private ImmutableArray<Stray> _strays = [];
    private Func<AgentEffect, bool, (bool Done, AgentInput? Answer)> _tryDo = (_, _) => (false, null);
    private AgentLoop _loop = null!;
    private Task _running = Task.CompletedTask;

    public Task InitializeAsync()
    {
        _journal.Writing = commit => Note(commit.Assignment is null ? "journal" : "journal assignment");
        _loop = new AgentLoop(
            _inbox, this, _journal, this, this, new AgentIdentity(Host, Seed: 7), _time, NullLogger<AgentLoop>.Instance);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // Stopped, as asked.
        }
    }

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task The_journal_has_it_before_it_is_seen_done_or_said()
    {
        await BeginAsync();
        _inbox.Assign(Assign(1, Assigned(Web)).Assignment);
        await UntilAsync(() => Logged().Contains("report 1"));
        Assert.Equal(
            ["journal assignment", "observe 1", "begin Prepare", "report 1"], Logged().SkipWhile(l => l != "journal assignment"));
    }

    [Fact]
    public async Task While_the_journal_fails_nothing_is_done_and_the_host_still_says_that_it_lives()
    {
        await BeginAsync();
        var broken = true;
        _journal.Writing = _ => Note(Volatile.Read(ref broken) ? throw new IOException("disk full") : "journal");
        _inbox.Assign(Assign(1, Assigned(Web)).Assignment);
        var before = Reports().Length;
        await UntilAsync(() => Reports().Length >= before + 3, advance: TimeSpan.FromMilliseconds(100));
        Assert.DoesNotContain(Logged(), l => l.StartsWith("begin", StringComparison.Ordinal) || l == "observe 1");
        Assert.Equal(0, Reports()[^1].Applied.Value);
        Volatile.Write(ref broken, false);
        await UntilAsync(() => Logged().Contains("begin Prepare"), advance: TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task What_ends_while_the_journal_fails_is_withdrawn_all_the_same_and_started_again_once_it_is_kept()
    {
        var agent = new AgentDriver();
        agent.RunWeb();
        agent.Commits.ForEach(_journal.Write);
        _running = _loop.RunAsync(_stop.Token);
        await UntilAsync(() => Logged().Contains("begin Find"));
        var process = _loop.State.Instances[Web].Process!;
        await _inbox.PostAsync(new AgentInput.Found(Web, agent.Now0, process), _stop.Token);
        await UntilAsync(() => Reports().Length > 0 && Reports()[^1].Instances.Single().IsReady());

        var broken = true;
        _journal.Writing = _ => Note(Volatile.Read(ref broken) ? throw new IOException("disk full") : "journal");
        _inbox.Assign(Assign(9, Assigned(Web), Assigned(InstanceId.Parse("web.1"))).Assignment);
        var before = Reports().Length;
        await UntilAsync(() => Reports().Length >= before + 2, advance: TimeSpan.FromMilliseconds(100));
        await _inbox.PostAsync(new AgentInput.Exited(Web, agent.Now0, new ProcessExit(1, null, false, null, null)), _stop.Token);
        await UntilAsync(
            () => !Reports()[^1].Instances.Single(i => i.Instance == Web).IsReady(), advance: TimeSpan.FromMilliseconds(100));
        Assert.DoesNotContain("begin KillTree", Logged());
        Assert.NotEqual(9, Reports()[^1].Applied.Value);

        // Meanwhile people are shown why it does not go on; afterwards that it was so, and no more.
        Assert.Equal(HoldReason.JournalStuck, Reports()[^1].Instances.Single(i => i.Instance == Web).Hold?.Reason);
        Volatile.Write(ref broken, false);
        await UntilAsync(() => Logged().Contains("begin KillTree"), advance: TimeSpan.FromMilliseconds(100));
        await UntilAsync(
            () => Reports()[^1].Events.Any(e => e.Kind == EventKind.JournalStuck), advance: TimeSpan.FromMilliseconds(100));
        Assert.DoesNotContain(Reports()[^1].Instances, i => i.Hold?.Reason == HoldReason.JournalStuck);
    }

    [Fact]
    public async Task A_report_is_made_each_second_and_numbered()
    {
        await BeginAsync();
        var first = Reports().Length;
        await UntilAsync(() => Reports().Length >= first + 5, advance: TimeSpan.FromMilliseconds(50));
        Assert.Equal(Enumerable.Range(1, Reports().Length).Select(n => (long)n), Reports().Select(r => r.Number));
        Assert.InRange(_time.GetUtcNow() - AgentWords.Start, TimeSpan.FromSeconds(4.9), TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task What_waits_together_is_one_write()
    {
        var instances = Enumerable.Range(0, 200).Select(i => new InstanceId(new ServiceName("web"), i)).ToArray();
        await BeginAsync();
        _inbox.Assign(Assign(1, [.. instances.Select(i => Assigned(i))]).Assignment);
        await UntilAsync(() => Logged().Count(l => l == "begin Prepare") == 200);
        Assert.Equal(1, _journal.DurableWrites);
        using var gate = new ManualResetEventSlim();
        _journal.Writing = _ => gate.Wait(Patience);
        foreach (var instance in instances)
        {
            var incarnation = _loop.State.Instances[instance].Incarnation;
            await _inbox.PostAsync(new AgentInput.Prepared(instance, incarnation, Launch()), _stop.Token);
        }

        var writes = _journal.Writes;
        gate.Set();
        await UntilAsync(() => Logged().Count(l => l == "begin Start") == 200);
        Assert.InRange(_journal.Writes - writes, 1, 3);
        Assert.Equal(1, _journal.DurableWrites);
    }

    [Fact]
    public async Task Of_assignments_that_wait_only_the_newest_is_taken()
    {
        _inbox.Assign(Assign(3, Assigned(Web)).Assignment);
        _inbox.Assign(Assign(2).Assignment);
        await BeginAsync();
        await UntilAsync(() => _loop.State.Assignment is not null);
        Assert.Equal(3, _loop.State.Assignment!.Generation.Value);
    }

    [Fact]
    public async Task A_timer_of_the_brain_wakes_the_loop()
    {
        await BeginAsync();
        _inbox.Assign(Assign(1, Assigned(Web)).Assignment);
        await UntilAsync(() => Logged().Contains("begin Prepare"));
        await _inbox.PostAsync(new AgentInput.PrepareFailed(Web, _loop.State.Instances[Web].Incarnation, Held), _stop.Token);
        await UntilAsync(() => Logged().Count(l => l == "begin Prepare") == 2, advance: TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public async Task It_reports_nothing_before_it_knows_what_still_runs()
    {
        var agent = new AgentDriver();
        agent.RunWeb();
        agent.Commits.ForEach(_journal.Write);
        _running = _loop.RunAsync(_stop.Token);
        await UntilAsync(() => Logged().Contains("begin Find"));
        Assert.Empty(Reports());
        await _inbox.PostAsync(new AgentInput.Found(Web, agent.Now0, null), _stop.Token);
        await UntilAsync(() => Reports().Length > 0);
        Assert.False(Assert.Single(Reports()[0].Instances).IsReady());
    }

    [Fact]
    public async Task It_reports_nothing_before_what_runs_without_a_record_is_taken_in_and_has_answered()
    {
        var number = new Incarnation(1_900_000_000);
        var spec = Assigned(Web).SpecDigest;
        _strays = [new Stray(Web, number, Pid(7), TimeSpan.FromHours(1), spec, Launch(), OutputIsLost: false)];
        _running = _loop.RunAsync(_stop.Token);
        await UntilAsync(() => _loop.State.Strays.Length == 1);
        _inbox.Assign(Assign(1, Assigned(Web)).Assignment);
        await UntilAsync(() => Logged().Contains("begin Find"));
        await _inbox.PostAsync(new AgentInput.Found(Web, number, Pid(7)), _stop.Token);
        await UntilAsync(() => Logged().Contains("begin Probe"));
        Assert.Empty(Reports());
        await _inbox.PostAsync(new AgentInput.Probed(Web, number, new ProbeAnswer(Passed: true)), _stop.Token);
        await UntilAsync(() => Reports().Length > 0);
        Assert.True(Assert.Single(Reports()[0].Instances).IsReady());
        Assert.DoesNotContain("begin Prepare", Logged());
    }

    [Fact]
    public async Task It_ends_when_a_shutdown_is_done()
    {
        await BeginAsync();
        _inbox.Assign(Assign(1, Assigned(Web)).Assignment);
        await UntilAsync(() => Logged().Contains("begin Prepare"));
        await _inbox.PostAsync(new AgentInput.ShutDown(), _stop.Token);
        await _running.WaitAsync(Patience);
        Assert.True(_loop.State.IsDown);
    }

    [Fact]
    public async Task What_the_hands_can_answer_at_once_is_one_journal_write_and_nothing_starts_before_it()
    {
        var process = new ProcessIdentity(7, 7, "boot");
        await BeginAsync();
        _inbox.Assign(Assign(1, Assigned(Web)).Assignment);
        await UntilAsync(() => Logged().Contains("begin Prepare"));
        var first = _loop.State.Instances[Web].Incarnation;
        await _inbox.PostAsync(new AgentInput.Prepared(Web, first, Launch()), _stop.Token);
        await _inbox.PostAsync(new AgentInput.Started(Web, first, process), _stop.Token);
        await UntilAsync(HasReportedProbe);

        _tryDo = (effect, kept) => effect switch
        {
            AgentEffect.KillTree kill => (true, new AgentInput.TreeGone(kill.Instance, kill.Incarnation)),
            AgentEffect.StopProbe or AgentEffect.ReleasePorts => (true, null),
            AgentEffect.Prepare prepare => (true, new AgentInput.Prepared(Web, prepare.Incarnation, Launch())),
            AgentEffect.Start start when kept => (true, new AgentInput.Started(Web, start.Incarnation, process with { Pid = 8 })),
            _ => (false, null),
        };
        var before = Logged().Length;
        await _inbox.PostAsync(Ended(first), _stop.Token);
        await UntilAsync(() => Logged().Skip(before).Any(l => l.StartsWith("report", StringComparison.Ordinal)));
        Assert.Equal(
            ["at once StopProbe", "at once KillTree", "at once ReleasePorts", "at once Prepare",
                "journal", "observe 1", "at once Start", "journal",
                "observe 1", "begin Probe", "report 1"],
            Logged().Skip(before).Take(11));
        Assert.Equal((first.Next, 8), (_loop.State.Instances[Web].Incarnation, _loop.State.Instances[Web].Process?.Pid));
    }

    /// <summary>The turn of the start is over: the state alone shows it before its effects and its report.</summary>
    private bool HasReportedProbe() => Logged().SkipWhile(l => l != "begin Probe")
        .Any(l => l.StartsWith("report", StringComparison.Ordinal));

    [Fact]
    public async Task An_effect_that_has_to_wait_is_not_overtaken_by_a_later_one_of_its_instance()
    {
        await BeginAsync();
        _inbox.Assign(Assign(1, Assigned(Web)).Assignment);
        await UntilAsync(() => Logged().Contains("begin Prepare"));
        var first = _loop.State.Instances[Web].Incarnation;
        await _inbox.PostAsync(new AgentInput.Prepared(Web, first, Launch()), _stop.Token);
        await _inbox.PostAsync(new AgentInput.Started(Web, first, new ProcessIdentity(7, 7, "boot")), _stop.Token);
        await UntilAsync(HasReportedProbe);
        var before = Logged().Length;
        _tryDo = (effect, kept) => effect switch
        {
            AgentEffect.KillTree kill => (true, new AgentInput.TreeGone(kill.Instance, kill.Incarnation)),
            AgentEffect.StopProbe => (true, null),
            AgentEffect.Prepare prepare when !kept => (true, new AgentInput.Prepared(Web, prepare.Incarnation, Launch())),
            _ => (false, null),
        };
        await _inbox.PostAsync(Ended(first), _stop.Token);
        await UntilAsync(() => Logged().Skip(before).Contains("begin Prepare"));
        Assert.Equal(
            ["at once StopProbe", "at once KillTree", "journal", "observe 1", "begin ReleasePorts", "begin Prepare"],
            Logged().Skip(before).Take(6));
    }

    private static AgentInput.Exited Ended(Incarnation incarnation) =>
        new(Web, incarnation, new ProcessExit(1, null, false, null, null));

    void IAgentHands.Begin(AgentEffect effect) => Note($"begin {effect.GetType().Name}");

    ImmutableArray<Stray> IAgentHands.FindAll() => _strays;

    bool IAgentHands.TryDo(AgentEffect effect, bool kept, out AgentInput? answer)
    {
        (var done, answer) = _tryDo(effect, kept);
        if (done)
        {
            Note($"at once {effect.GetType().Name}");
        }

        return done;
    }

    void IAgentObserver.Observe(AgentState state) => Note($"observe {state.Assignment?.Generation.Value ?? 0}");

    void IMasterSession.Report(HostReport report)
    {
        lock (_lock)
        {
            _reports.Add(report);
        }

        Note($"report {report.Applied}");
    }

    private async Task BeginAsync()
    {
        _running = _loop.RunAsync(_stop.Token);
        await UntilAsync(() => Reports().Length > 0);
    }

    private async Task UntilAsync(Func<bool> condition, TimeSpan? advance = null)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(deadline) < Patience, "it did not happen: " + string.Join(", ", Logged()));
            Assert.False(_running.IsFaulted, _running.Exception?.ToString());
            if (advance is { } by && _time.Armed > 0)
            {
                _time.Advance(by);
            }

            await Task.Delay(1);
        }
    }

    private void Note(string line)
    {
        lock (_lock)
        {
            _log.Add(line);
        }
    }

    private string[] Logged()
    {
        lock (_lock)
        {
            return [.. _log];
        }
    }

    private HostReport[] Reports()
    {
        lock (_lock)
        {
            return [.. _reports];
        }
    }
}
