using System.Collections.Immutable;
using Zurg.Agent.Artifacts;
using Zurg.Agent.Local;
using Zurg.Agent.Logs;
using Zurg.Agent.Ports;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Agent.Hands;

/// <summary>What comes before the signal of a stop: stop.command, and the look at what is under way.</summary>
internal sealed class StopHands(
    AgentSite site, Preparation preparation, SelfDesk selves, Func<AgentInput, CancellationToken, ValueTask> tell,
    TimeProvider time)
{
    /// <summary>Between two looks at sockets, doubling: what is about to end mostly does so at once.</summary>
    public static readonly TimeSpan LookMin = TimeSpan.FromMilliseconds(5);

    public static readonly TimeSpan LookMax = TimeSpan.FromMilliseconds(100);

    /// <summary>A count that changes all the time is told so often at most; nothing left is told at once.</summary>
    public static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>A wait that is over before is none that people have to hear of.</summary>
    public static readonly TimeSpan TellAfter = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan KillWithin = TimeSpan.FromSeconds(5);

    /// <summary>A single look, when that is all it takes: null when a wait follows, or the instance counts for itself.</summary>
    public static AgentInput? TryLook(AgentEffect.AwaitIdle wait) =>
        !wait.Counts && Connections.Count(wait.Ports) is { IsNothing: true } nothing
            ? new AgentInput.InFlight(wait.Instance, wait.Incarnation, nothing)
            : null;

    public async Task AwaitIdleAsync(AgentEffect.AwaitIdle wait, CancellationToken stop)
    {
        var ear = selves.Listen(wait.Instance, wait.Incarnation);
        try
        {
            InFlightCount? told = null;
            var (began, toldAt) = (time.GetTimestamp(), time.GetTimestamp());
            for (var pause = LookMin; ; pause = pause * 2 < LookMax ? pause * 2 : LookMax)
            {
                var now = Look(wait);
                var isDue = told is null ? time.GetElapsedTime(began) >= TellAfter : time.GetElapsedTime(toldAt) >= TellEvery;
                if (now.IsNothing || (isDue && now != told))
                {
                    (told, toldAt) = (now, time.GetTimestamp());
                    await tell(new AgentInput.InFlight(wait.Instance, wait.Incarnation, now), stop);
                }

                if (now.IsNothing)
                {
                    return;
                }

                await PauseAsync(ear, pause, stop);
            }
        }
        finally
        {
            selves.Leave(wait.Instance, wait.Incarnation, ear);
        }
    }

    /// <summary>Its output goes to the instance's log.</summary>
    /// <param name="settings">Those of the cluster, for its variables.</param>
    public async Task RunCommandAsync(
        AgentEffect.RunStopCommand run, IncarnationWork work, ImmutableSortedDictionary<string, string> settings,
        CancellationToken stop)
    {
        // One of its own: when it hangs, it is killed without touching the instance.
        var token = work.Token + "/stop";
        await KillAsync(null, token);
        string? problem;
        try
        {
            problem = Start(run, work, token, settings) switch
            {
                SpawnOutcome.Started started => await WaitAsync(run, started.Process, token, stop),
                SpawnOutcome.Held held => $"its stop.command could not be run: {held.Hold.Text}",
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"its stop.command could not be run: {e.Message}";
        }

        await tell(new AgentInput.StopCommandEnded(work.Instance, work.Incarnation, problem), stop);
    }

    private InFlightCount Look(AgentEffect.AwaitIdle wait) => selves.Counted(wait.Instance, wait.Incarnation) switch
    {
        { Answered: true } word => new InFlightCount(word.Count, InFlightBy.Counted),
        { } word => new InFlightCount(word.Count, InFlightBy.Unanswered),
        null when wait.Counts => new InFlightCount(0, InFlightBy.Unanswered),
        null => Connections.Count(wait.Ports),
    };

    private async Task PauseAsync(System.Threading.Channels.Channel<bool> ear, TimeSpan pause, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(pause, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            if (await ear.Reader.WaitToReadAsync(either.Token))
            {
                ear.Reader.TryRead(out _);
                return;
            }

            await Task.Delay(pause, time, stop);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Nothing was said meanwhile.
        }
    }

    /// <summary>By what runs, which is no longer what is assigned when it is stopped for something newer.</summary>
    private SpawnOutcome Start(
        AgentEffect.RunStopCommand run, IncarnationWork work, string token, ImmutableSortedDictionary<string, string> settings)
    {
        var running = work.Runs?.Assigned ?? run.Assigned;
        var release = site.Paths.Release(
            new ReleasePaths(site.Paths.Directory).ReleaseOf(run.Launch.Executable) ?? running.Spec.Release);
        var values = LaunchBuilder.Values(running, preparation.VariablesOf(running, work, run.Launch.Ports, release))
            .SetItems(settings.Select(s => KeyValuePair.Create(Variables.SettingPrefix + s.Key, s.Value)));
        var command = InstanceCommand.Of(run.Assigned.Stop.Command ?? [], values, release, run.Launch);
        var output = LogFile.Open(site.Paths.Log(work.Instance));
        try
        {
            return Spawner.Spawn(new SpawnRequest
            {
                Executable = command[0],
                Args = command[1..],
                Env = run.Launch.Env.SetItem(ProcessTree.TokenVariable, token).RemoveRange(LaunchBuilder.NotifyEnv),
                WorkingDirectory = run.Launch.WorkingDirectory,
                Output = output,
                User = running.Spec.User,
                Group = running.Spec.Group,
                Groups = running.Spec.Groups,
                Umask = running.Spec.Umask,
            });
        }
        finally
        {
            LogFile.Close(output);
        }
    }

    private async Task<string?> WaitAsync(
        AgentEffect.RunStopCommand run, ProcessIdentity process, string token, CancellationToken stop)
    {
        var exited = ExitWatcher.Shared.WatchAsync(process);
        try
        {
            var exit = await exited.WaitAsync(stop);
            var how = exit.Code is { } code ? $"exit code {code}"
                : exit.Signal is { } signal ? UnixSignal.NameOf(signal) : "an unknown exit code";
            return exit.Code == 0 ? null
                : $"its stop.command ended with {how} (what it wrote is in zurg logs {run.Assigned.Instance}); "
                    + "it is stopped all the same";
        }
        finally
        {
            await KillAsync(process, token);
        }
    }

    private async Task KillAsync(ProcessIdentity? process, string token)
    {
        using var limit = new CancellationTokenSource(KillWithin, time);
        await ProcessTree.KillAsync(process, token, process is not null, time, limit.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
