using System.Collections.Immutable;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Zurg.Agent.Probes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>Asks running incarnations how they are, and listens to what they say by themselves.</summary>
internal sealed partial class ProbeHands(
    AgentSite site,
    Preparation preparation,
    WatchdogHands watchdogs,
    Func<AgentInput, CancellationToken, ValueTask> tell,
    TimeProvider time,
    ILogger logger) : IDisposable
{
    private readonly ProbeClient _client = new(time);
    private readonly SharedTick _tick = new(time);

    /// <summary>A second probe of an incarnation replaces the first.</summary>
    public void Begin(AgentEffect.Probe probe, IncarnationWork work, TaskSet tasks)
    {
        if (probe.Assigned.Spec.Probe is not { } spec)
        {
            return;
        }

        var probing = work.BeginProbe();
        tasks.Begin(async stop =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(probing, stop);
            await new ProbeLoop(_client, _tick, time).RunAsync(
                TargetOf(probe, spec, work),
                (answer, end) => tell(new AgentInput.Probed(work.Instance, work.Incarnation, answer), end),
                either.Token);
        });
    }

    public void Begin(AgentEffect.Watch watch, IncarnationWork work, TaskSet tasks)
    {
        var watching = work.BeginWatchdog();
        var socket = watch.Assigned.Spec.Probe?.Kind == ProbeKind.Notify ? null : NotifyOf(work);
        tasks.Begin(async stop =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(watching, stop);
            await watchdogs.RunAsync(watch, work, socket, either.Token);
        });
    }

    public void Dispose()
    {
        _client.Dispose();
        _tick.Dispose();
    }

    private ProbeTarget TargetOf(AgentEffect.Probe probe, ProbeSpec spec, IncarnationWork work) => new()
    {
        Spec = spec,
        Process = probe.Process,
        Launch = probe.Launch,
        Token = work.Token,
        Address = site.Address,
        Command = spec.Kind == ProbeKind.Exec ? CommandOf(probe.Assigned, spec, work, probe.Launch) : [],
        User = probe.Assigned.Spec.User,
        Group = probe.Assigned.Spec.Group,
        Groups = probe.Assigned.Spec.Groups,
        Notify = spec.Kind == ProbeKind.Notify ? NotifyOf(work) : null,
        Heard = (words, end) => watchdogs.HearAsync(work, words, end),
        Eager = probe.Eager,
    };

    private ImmutableArray<string> CommandOf(AssignedInstance assigned, ProbeSpec spec, IncarnationWork work, Launch launch)
    {
        var release = site.Paths.Release(assigned.Spec.Release);
        var values = LaunchBuilder.Values(assigned, preparation.VariablesOf(assigned, work, launch.Ports, release));
        return InstanceCommand.Of(spec.Command, values, release, launch);
    }

    private NotifySocket? NotifyOf(IncarnationWork work)
    {
        try
        {
            return work.Notify(site.Paths.NotifyName(work.Instance, work.Incarnation));
        }
        catch (SocketException e)
        {
            Log.NoNotifySocket(logger, work.Instance, e);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3202, LogLevel.Error, "{Instance} has no notify socket")]
        public static partial void NoNotifySocket(ILogger logger, InstanceId instance, Exception e);
    }
}
