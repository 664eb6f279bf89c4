using System.Collections.Immutable;
using Zurg.Agent.Local;
using Zurg.Agent.Ports;
using Zurg.Core;

namespace Zurg.Agent.Hands;

/// <summary>What comes before the signal of a stop: stop.command, and the look at what is under way.</summary>
internal sealed class StopHands(
    SideCommand commands, SelfDesk selves, Func<AgentInput, CancellationToken, ValueTask> tell, TimeProvider time)
{
    /// <summary>Between two looks at sockets, doubling: what is about to end mostly does so at once.</summary>
    public static readonly TimeSpan LookMin = TimeSpan.FromMilliseconds(5);

    public static readonly TimeSpan LookMax = TimeSpan.FromMilliseconds(100);

    /// <summary>A count that changes all the time is told so often at most; nothing left is told at once.</summary>
    public static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>A wait that is over before is none that people have to hear of.</summary>
    public static readonly TimeSpan TellAfter = TimeSpan.FromMilliseconds(200);

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
        var problem = await commands.RunAsync(
            "stop", run.Assigned.Stop.Command ?? [], run.Assigned, run.Launch, work, settings, stop);
        var text = problem is null ? null
            : $"its stop.command {problem.Text}"
                + (problem.HasRun ? $" (what it wrote is in zurg logs {work.Instance}); it is stopped all the same" : "");
        await tell(new AgentInput.StopCommandEnded(work.Instance, work.Incarnation, text), stop);
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
}
