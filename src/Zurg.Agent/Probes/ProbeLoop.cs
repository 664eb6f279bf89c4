using Zurg.Agent.Ports;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Probes;

/// <summary>Asks one incarnation again and again: eagerly until it first passes, then at its interval.</summary>
/// <param name="tick">Of every probe of the host, once it has passed.</param>
internal sealed class ProbeLoop(ProbeClient client, SharedTick tick, TimeProvider time)
{
    public static readonly TimeSpan EagerFirst = TimeSpan.FromMilliseconds(10);

    /// <summary>Ends when <paramref name="stop"/> says so, and for notify after the first pass.</summary>
    public async Task RunAsync(ProbeTarget target, Func<ProbeAnswer, CancellationToken, ValueTask> tell, CancellationToken stop)
    {
        if (target.Spec.Kind == ProbeKind.Notify)
        {
            await ListenAsync(target, tell, stop);
            return;
        }

        var pause = target.Eager ? EagerFirst : target.Spec.Every;
        var passed = !target.Eager;
        var ownerKnown = false;
        if (target.Eager)
        {
            await Task.Delay(pause, time, stop);
        }

        while (true)
        {
            var answer = await client.AskAsync(target, stop);
            if (answer.Passed && !ownerKnown)
            {
                // Looking who listens reads all of /proc: on the first pass and after a failure only, and off the tick's thread.
                await Task.Yield();
                answer = OwnerProblem(target) is { } problem ? new ProbeAnswer(false, problem) : answer;
            }

            // A pass after a pass changes nothing, and hundreds of them a second would be most of what a quiet agent does.
            if (!(answer.Passed && ownerKnown))
            {
                await tell(answer, stop);
            }

            ownerKnown = answer.Passed;
            passed |= answer.Passed;
            pause = Min(pause * 2, target.Spec.Every);
            await (passed ? NextAsync(target.Spec, stop) : Task.Delay(pause, time, stop));
        }
    }

    /// <summary>A tcp question is over at once and asked on the tick's thread; the others make it wait.</summary>
    private async Task NextAsync(ProbeSpec spec, CancellationToken stop)
    {
        await tick.WaitAsync(spec.Every, stop);
        if (spec.Kind != ProbeKind.Tcp)
        {
            await Task.Yield();
        }
    }

    /// <summary>
    /// A port can be answered by somebody else: an old process that was not ours, another service with a fixed port.
    /// </summary>
    private static string? OwnerProblem(ProbeTarget target)
    {
        if (target.Spec.Kind is not (ProbeKind.Http or ProbeKind.Tcp) || target.Port is not { } port)
        {
            return null;
        }

        // Most often it is the main process itself: its tree is looked for in all of /proc only when it is not.
        var listeners = Listeners.On(target.Address, port);
        return listeners.Count == 0 ? $"nothing listens on port {port} any more"
            : Listeners.Has([target.Process.Pid], listeners[0].Inode) || Listeners.Has(Tree(target), listeners[0].Inode) ? null
            : $"port {port} answered, but it is {Listeners.DescribeOwner(listeners[0].Inode)} that listens there, "
                + "not this instance";
    }

    private static List<int> Tree(ProbeTarget target) =>
        [.. ProcessTree.Living(target.Process, target.Token, true).Select(p => p.Pid)];

    private static async Task ListenAsync(
        ProbeTarget target, Func<ProbeAnswer, CancellationToken, ValueTask> tell, CancellationToken stop)
    {
        if (target.Notify is not { } socket)
        {
            await tell(new ProbeAnswer(false, "its notify socket could not be made"), stop);
            return;
        }

        if (!target.Eager)
        {
            // It said so to an earlier agent.
            await tell(new ProbeAnswer(true), stop);
        }

        string? status = null;
        await NotifyLoop.RunAsync(socket, target.Process, target.Token, HearAsync, stop);

        async ValueTask HearAsync(NotifyWords words, CancellationToken end)
        {
            status = words.Status ?? status;
            if (words.Ready)
            {
                await tell(new ProbeAnswer(true, status), end);
            }
            else if (words.Status is not null && target.Eager)
            {
                await tell(new ProbeAnswer(false, $"not READY=1 yet: {status}"), end);
            }

            if (target.Heard is { } heard)
            {
                await heard(words, end);
            }
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
