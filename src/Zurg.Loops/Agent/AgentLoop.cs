using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>
/// The agent's one writer: takes inputs, lets the brain step, and then keeps, publishes, does and says what came of it, in this
/// order (STYLE.md rule 6). What waits together is one journal write.
/// </summary>
public sealed partial class AgentLoop(
    AgentInbox inbox, IAgentHands hands, IAgentJournal journal, IMasterSession session, IAgentObserver observer,
    AgentIdentity identity, TimeProvider time, ILogger<AgentLoop> logger)
{
    private readonly Queue<AgentInput> _answers = new();

    private AgentState _state = new() { Host = identity.Host, Seed = identity.Seed };
    private long _began;
    private long? _seeking;
    private long _reportedAt;
    private long _reports;
    private bool _reportOwed;

    /// <summary>The journal has this run's first words. Before, the agent knows of no instance, though some may run.</summary>
    private bool _begun;

    /// <summary>As it was last journalled; any thread may read it.</summary>
    public AgentState State => Volatile.Read(ref _state);

    /// <summary>
    /// Runs until stopped, or until a <see cref="AgentInput.ShutDown"/> is done. Stopped it leaves every process running: the
    /// next agent adopts them.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var content = await LoadAsync(stop);
        _began = _reportedAt = time.GetTimestamp();
        var loaded = content.State with { Host = identity.Host, Seed = identity.Seed };
        var begun = new AgentInput.Begun(content.Epoch, hands.FindAll());
        var first = AgentMachine.Step(loaded, begun, time.GetUtcNow());
        foreach (var problem in content.Unreadable)
        {
            var told = new AgentInput.Happened(EventKind.JournalDamaged, Instance: null, problem);
            first = first.Then(AgentMachine.Step(first.State, told, time.GetUtcNow()));
        }

        await CommitAsync(first, stop);

        await using var timer = time.CreateTimer(
            static inbox => ((AgentInbox)inbox!).Wake(), inbox, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var wakeAt = State.Seen;
        while (!State.IsDown)
        {
            timer.Change(NextWake(wakeAt), Timeout.InfiniteTimeSpan);
            if (_answers.Count == 0)
            {
                await inbox.WaitAsync(stop);
            }

            var commit = StepAll();
            await CommitAsync(commit, stop);
            wakeAt = commit.WakeAt;
        }
    }

    private async Task<AgentJournalContent> LoadAsync(CancellationToken stop)
    {
        for (var wait = RetryMin; ; wait = Longer(wait))
        {
            try
            {
                var content = await journal.LoadAsync(stop);
                foreach (var problem in content.Unreadable)
                {
                    Log.Unreadable(logger, identity.Host, problem);
                }

                return content;
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                Log.JournalFault(logger, identity.Host, e);
            }

            await Task.Delay(wait, time, stop);
        }
    }

    private AgentCommit StepAll(AgentCommit? whole = null)
    {
        var now = time.GetUtcNow();
        AgentInput? input;
        for (var taken = 0; taken < BatchMax && (_answers.TryDequeue(out input) || inbox.TryTake(out input)); taken++)
        {
            var next = AgentMachine.Step(whole?.State ?? _state, input, now);
            whole = whole is null ? next : whole.Then(next);
        }

        return Hasten(whole ?? AgentMachine.Step(_state, new AgentInput.Tick(), now), now);
    }

    /// <summary>
    /// Steps on with what the hands can answer at once, so that one journal write holds all of it. It ends: each incarnation
    /// moves only forward, and none is started before it is kept.
    /// </summary>
    private AgentCommit Hasten(AgentCommit commit, DateTimeOffset now)
    {
        var later = ImmutableArray.CreateBuilder<AgentEffect>();
        var waiting = new HashSet<InstanceId>();
        var open = new Queue<AgentEffect>(commit.Effects);
        while (open.TryDequeue(out var effect))
        {
            // Those of one instance keep their order: nothing overtakes one that has to wait.
            if (waiting.Contains(effect.Subject) || !hands.TryDo(effect, kept: false, out var answer))
            {
                waiting.Add(effect.Subject);
                later.Add(effect);
            }
            else if (answer is not null)
            {
                var next = AgentMachine.Step(commit.State, answer, now);
                commit = commit.Then(next);
                foreach (var following in next.Effects)
                {
                    open.Enqueue(following);
                }
            }
        }

        return commit with { Effects = later.ToImmutable() };
    }

    private async Task CommitAsync(AgentCommit commit, CancellationToken stop)
    {
        if (!commit.IsEmpty)
        {
            commit = await WriteAsync(commit, stop);
        }

        Volatile.Write(ref _state, commit.State);
        _begun = true;
        if (!commit.IsEmpty)
        {
            observer.Observe(commit.State);
        }

        foreach (var effect in commit.Effects)
        {
            Do(effect);
        }

        foreach (var record in commit.Events)
        {
            Log.Happened(logger, record.Instance?.Value ?? identity.Host.Value, record.Text);
        }

        ReportIfDue(commit.ReportNow, _state);
    }

    /// <summary>What was answered is the next thing that the brain hears: no input of its process can come before it.</summary>
    private void Do(AgentEffect effect)
    {
        if (_answers.Count >= AnswersMax || !hands.TryDo(effect, kept: true, out var answer))
        {
            hands.Begin(effect);
        }
        else if (answer is not null)
        {
            _answers.Enqueue(answer);
        }
    }

    /// <summary>
    /// Nothing of a step is done before the journal has it, however long that takes. The host goes on to show that it lives, and
    /// what ended meanwhile is said: an exit is a fact, kept or not, and a dead endpoint must not stay listed for a full disk.
    /// </summary>
    /// <returns>What was written: the commit, and what came in while it could not be.</returns>
    private async Task<AgentCommit> WriteAsync(AgentCommit commit, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        var told = false;
        for (var wait = RetryMin; ; wait = Longer(wait))
        {
            Hold hold;
            try
            {
                await journal.WriteAsync(commit, stop);
                return commit;
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                Log.JournalFault(logger, identity.Host, e);
                hold = JournalHold.Of(identity.Host, e.Message);
            }

            // What was assigned is not taken over before it is kept, and events are said once they are.
            var shown = commit.State with { Assignment = _state.Assignment, Events = _state.Events };
            ReportIfDue(now: false, JournalHold.Show(shown, hold));
            await Task.Delay(wait, time, stop);
            commit = StepAll(commit);
            if (!told && time.GetElapsedTime(began) >= ReportEvery)
            {
                // Kept with the rest as soon as anything is: then it tells of what is over.
                told = true;
                var happened = new AgentInput.Happened(EventKind.JournalStuck, Instance: null, hold.Text);
                commit = commit.Then(AgentMachine.Step(commit.State, happened, time.GetUtcNow()));
            }
        }
    }

    /// <summary>
    /// At once when something changed, and each second: the number in it is the host's sign of life. What the brain is just about
    /// to hear goes along.
    /// </summary>
    private void ReportIfDue(bool now, AgentState state)
    {
        _reportOwed |= now || time.GetElapsedTime(_reportedAt) >= ReportEvery;
        if (_reportOwed && _answers.Count == 0 && !IsUnsure(state))
        {
            _reportOwed = false;
            _reportedAt = time.GetTimestamp();
            session.Report(AgentReport.Of(state, ++_reports));
        }
    }

    /// <summary>
    /// Just started, and not yet found out which of its processes still run: after a reboot none does, and a report of what the
    /// journal says would publish them all once more.
    /// </summary>
    private bool IsUnsure(AgentState state) =>
        !_begun || (!state.Strays.IsEmpty && time.GetElapsedTime(_began) < StraysMax) || IsSeeking(state);

    /// <summary>Sought or unproven is so for a moment: a host must not seem silent over one that does not answer.</summary>
    private bool IsSeeking(AgentState state)
    {
        if (state.Sought.IsEmpty && state.Unproven.IsEmpty)
        {
            _seeking = null;
            return false;
        }

        var since = _seeking ??= time.GetTimestamp();
        return time.GetElapsedTime(since) < UnsureMax;
    }

    private TimeSpan NextWake(DateTimeOffset? wakeAt)
    {
        var report = _reportOwed ? WakeMin : ReportEvery - time.GetElapsedTime(_reportedAt);
        var timers = wakeAt - time.GetUtcNow();
        var next = timers < report ? timers.Value : report;
        return next < WakeMin ? WakeMin : next;
    }

    private static TimeSpan Longer(TimeSpan wait) => wait * 2 < RetryMax ? wait * 2 : RetryMax;

    public static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);

    private const int BatchMax = 256;

    /// <summary>
    /// So many effects with an answer are done within one turn: a start takes up to a millisecond, and when hundreds of processes
    /// end together the others are to be heard, and the report made, before all of them run again.
    /// </summary>
    private const int AnswersMax = 4;

    /// <summary>Retries of the journal: often enough that the report of each second is not late.</summary>
    private static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(1);

    /// <summary>A timer that is early by the clock's grain must not spin.</summary>
    private static readonly TimeSpan WakeMin = TimeSpan.FromMilliseconds(5);

    /// <summary>The search for processes reads /proc: longer it does not take. Silent is who reports nothing for 5 s.</summary>
    private static readonly TimeSpan UnsureMax = TimeSpan.FromSeconds(4);

    /// <summary>What runs without a record is told once an assignment says what it is: masters send one at once.</summary>
    private static readonly TimeSpan StraysMax = TimeSpan.FromSeconds(30);

    private static partial class Log
    {
        [LoggerMessage(4001, LogLevel.Information, "{Who}: {Text}")]
        public static partial void Happened(ILogger logger, string who, string text);

        [LoggerMessage(4002, LogLevel.Error, "The journal of {Host} cannot be read or written; nothing is begun before it can")]
        public static partial void JournalFault(ILogger logger, HostId host, Exception e);

        [LoggerMessage(4003, LogLevel.Error, "The journal of {Host} has a record that cannot be read: {Problem}")]
        public static partial void Unreadable(ILogger logger, HostId host, string problem);
    }
}

/// <param name="Seed">Of the jitter in backoffs: another one on each host.</param>
public sealed record AgentIdentity(HostId Host, ulong Seed);
