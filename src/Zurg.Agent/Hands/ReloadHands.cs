using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Zurg.Agent.Ports;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>Tells processes of their changed files by a signal, and looks until they go by them (decision 027).</summary>
internal sealed partial class ReloadHands(
    AgentSite site, SideCommand commands, Func<AgentInput, CancellationToken, ValueTask> tell, TimeProvider time, ILogger logger)
{
    /// <summary>Between two looks, doubling.</summary>
    public static readonly TimeSpan LookMin = TimeSpan.FromMilliseconds(10);

    /// <summary>While it takes no longer than programs mostly take.</summary>
    public static readonly TimeSpan LookSoon = TimeSpan.FromMilliseconds(50);

    public static readonly TimeSpan LookMax = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// A shell keeps every signal back while it forks. Seen so often in a row it is no moment: the program asks for the signal.
    /// </summary>
    private const int BlockedLooks = 5;

    private static readonly TimeSpan SoonMax = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Another signal is not sent while the program is about the one before, but one that never gets on must not keep what is
    /// newer from being told.
    /// </summary>
    public static readonly TimeSpan TakeOverMax = TimeSpan.FromSeconds(10);

    /// <summary>One run of done:.</summary>
    public static readonly TimeSpan CommandMax = TimeSpan.FromSeconds(10);

    /// <param name="settings">Those of the cluster, for the variables of done:.</param>
    public async Task ReloadAsync(
        AgentEffect.Reload reload, IncarnationWork work, ImmutableSortedDictionary<string, string> settings,
        CancellationToken stop)
    {
        var account = new ReloadAccount(reload, site.Host, time, tell);
        var number = UnixSignal.NumberOf(reload.Name);
        var looking = work.BeginReload(reload.Name);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(looking, stop);
        try
        {
            if (work.Begun is { } begun)
            {
                // The files of one that was adopted are watched from then on.
                await begun.WaitAsync(either.Token);
            }

            await RunAsync(new Reloading(reload, work, number ?? 0, account, settings), either.Token);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.NotFollowed(logger, reload.Name, work.Instance, e);
            await account.SayAsync(
                ReloadProgress.TakenOver, $"whether SIG{reload.Name} took effect could not be seen: {e.Message}",
                "look at the agent's log; the next change signals it again", stop);
        }
        finally
        {
            work.EndReload(reload.Name, looking);
        }
    }

    private async Task RunAsync(Reloading r, CancellationToken stop)
    {
        if (!await HandledAsync(r, stop))
        {
            return;
        }

        var before = TreeOf(r);
        var watch = ReloadWatch.Begin(Seen(before, r));
        var covered = r.Work.Templates?.Sending() ?? 0;
        switch (ProcessTree.Signal(r.Process, r.Signal))
        {
            case SignalOutcome.Gone:
                return;
            case SignalOutcome.Refused:
                Log.Refused(logger, r.Work.Instance, r.Signal, r.Process.Pid);
                await r.Account.SayAsync(
                    ReloadProgress.TakenOver, $"the kernel refused SIG{r.Signal} to process {r.Process.Pid}",
                    "an agent that is not root can signal processes of its own user only", stop);
                return;
            case SignalOutcome.Sent:
                r.Account.Sent();
                break;
            default:
                throw new UnreachableException();
        }

        var done = DoneOf(r);
        if (done.IsEmpty ? await WatchAsync(r, before, watch, stop) : await AskAsync(r, done, stop))
        {
            r.Work.Templates?.TookEffect(r.Signal, covered);
            await r.Account.SayAsync(ReloadProgress.Done, hold: null, mend: null, stop);
        }
    }

    /// <summary>Without a handler the signal would end it.</summary>
    /// <returns>False when the process has ended.</returns>
    private async Task<bool> HandledAsync(Reloading r, CancellationToken stop)
    {
        var blocked = 0;
        for (var pause = LookMin; ; pause = Longer(pause, r))
        {
            if (SignalSight.Read(r.Process, r.Number) is not { } sight)
            {
                return false;
            }

            blocked = sight.IsBlocked ? blocked + 1 : 0;
            if (sight.IsCaught || blocked >= BlockedLooks)
            {
                return true;
            }

            await r.Account.WaitsAsync(
                ReloadProgress.Waits, () => ReloadWords.NotHandled(r.Signal, sight.IsIgnored),
                "when it reads its files at its start only: then: restart", stop);
            await Task.Delay(pause, time, stop);
        }
    }

    /// <summary>Until its processes show that nothing goes by the files of before.</summary>
    /// <returns>False when the main process has ended.</returns>
    private async Task<bool> WatchAsync(Reloading r, List<ProcessStat> before, ReloadWatch watch, CancellationToken stop)
    {
        for (var pause = LookMin; Look(r, before) is { } sight; pause = Longer(pause, r))
        {
            (watch, var verdict) = watch.Look(sight, r.Account.Since);
            if (verdict.Stage == ReloadStage.Done)
            {
                return true;
            }

            var progress = verdict.Stage is ReloadStage.Finishing or ReloadStage.Settling ? ReloadProgress.TakenOver : Late(r);
            await r.Account.WaitsAsync(
                progress, () => ReloadWords.Of(verdict, r.Signal, r.Account.Since, ProcessStat.Describe),
                ReloadWords.MendOf(verdict.Stage, r.Work.Instance.Value), stop);
            await Task.Delay(pause, time, stop);
        }

        return false;
    }

    /// <summary>Until every done: that belongs to the signal has ended with 0, after the program took it.</summary>
    private async Task<bool> AskAsync(Reloading r, ImmutableArray<ImmutableArray<string>> done, CancellationToken stop)
    {
        var open = new Queue<ImmutableArray<string>>(done);
        for (var pause = LookMin; SignalSight.Read(r.Process, r.Number) is { } sight; pause = Longer(pause, r))
        {
            var problem = sight.IsPending ? "waits until it has taken the signal" : await AskAsync(r, open.Peek(), stop);
            if (problem is null)
            {
                open.Dequeue();
                if (open.Count == 0)
                {
                    return true;
                }

                continue;
            }

            await r.Account.WaitsAsync(
                Late(r), () => ReloadWords.NotDone(r.Signal, r.Account.Since, open.Peek(), problem),
                $"what it wrote is in zurg logs {r.Work.Instance}", stop);
            await Task.Delay(pause, time, stop);
        }

        return false;
    }

    private async Task<string?> AskAsync(Reloading r, ImmutableArray<string> command, CancellationToken stop)
    {
        var turn = r.Work.TurnOf(r.Signal);
        await turn.WaitAsync(stop);
        try
        {
            return await RunAsync(r, command, stop);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<string?> RunAsync(Reloading r, ImmutableArray<string> command, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(CommandMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            var problem = await commands.RunAsync(
                $"reload-{r.Signal}", command, r.Reload.Assigned, r.Reload.Launch, r.Work, r.Settings, either.Token);
            return problem?.Text;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"was killed: it had run for {CommandMax.TotalSeconds:0} s";
        }
    }

    private static ReloadProgress Late(Reloading r) =>
        r.Account.Since >= TakeOverMax ? ReloadProgress.TakenOver : ReloadProgress.Waits;

    /// <summary>Null when the main process has ended.</summary>
    private static ReloadSight? Look(Reloading r, List<ProcessStat> before)
    {
        if (SignalSight.Read(r.Process, r.Number) is not { } sight)
        {
            return null;
        }

        before.RemoveAll(p => !ProcessStat.IsAlive(p.Identity));
        return new ReloadSight(sight.IsPending, Seen(before, r));
    }

    private static ImmutableArray<OldProcess> Seen(List<ProcessStat> processes, Reloading r)
    {
        var sockets = processes.Count == 0 ? null : ListeningSockets.SeenBy(r.Process.Pid);
        return [.. processes.Select(p => new OldProcess(p.Pid, ListeningSockets.Has(p.Pid, sockets)))];
    }

    /// <summary>Everything of the instance but its main process.</summary>
    private static List<ProcessStat> TreeOf(Reloading r)
    {
        var all = ProcessTree.Living(r.Process, r.Work.Token, r.Work.IsWatched);
        all.RemoveAll(p => p.Pid == r.Process.Pid);
        return all;
    }

    private static ImmutableArray<ImmutableArray<string>> DoneOf(Reloading r) =>
    [
        .. r.Reload.Assigned.Spec.Templates.Where(t => t.Then == TemplateThen.Reload && t.Signal == r.Signal)
            .Select(t => t.Done).OfType<ImmutableArray<string>>().Where(c => !c.IsDefaultOrEmpty)
            .DistinctBy(c => string.Join('\0', c)),
    ];

    private static TimeSpan Longer(TimeSpan pause, Reloading r) =>
        (r.Account.Since < SoonMax ? LookSoon : LookMax) is var most && pause * 2 < most ? pause * 2 : most;

    /// <param name="Number">Of the signal.</param>
    private sealed record Reloading(
        AgentEffect.Reload Reload, IncarnationWork Work, int Number, ReloadAccount Account,
        ImmutableSortedDictionary<string, string> Settings)
    {
        public ProcessIdentity Process => Reload.Process;

        public string Signal => Reload.Name;
    }

    private static partial class Log
    {
        [LoggerMessage(3207, LogLevel.Warning, "{Instance}: the kernel refused SIG{Signal} to process {Pid}")]
        public static partial void Refused(ILogger logger, InstanceId instance, string signal, int pid);

        [LoggerMessage(3208, LogLevel.Error, "Whether SIG{Signal} took effect in {Instance} could not be seen")]
        public static partial void NotFollowed(ILogger logger, string signal, InstanceId instance, Exception e);
    }
}
