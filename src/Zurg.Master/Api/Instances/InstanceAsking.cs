using Zurg.Loops;
using Zurg.Master.Agents;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>What came of asking the agent that has an instance; exactly one part is set.</summary>
internal sealed record AskOutcome(
    AgentMessage? Answer = null, Problem404? Absent = null, Problem503? Away = null, Problem504? Late = null);

/// <summary>Asks an agent, most often that which has an instance, for something that only its host knows.</summary>
internal sealed class InstanceAsking(IClusterView view, AgentSessions sessions, TimeProvider time)
{
    // An agent answers in milliseconds, or its host is in trouble; an older build never does.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    public async Task<AskOutcome> AskAsync(InstanceId instance, Func<long, MasterMessage> ask, CancellationToken stop)
    {
        var (state, _) = view.Current;
        if (HostOf(state, instance) is not { } host)
        {
            var known = state.Placements.Values.SelectMany(p => p.Instances).Select(p => p.Instance).Order();
            return new AskOutcome(Absent: Unknown.Instance(instance, known));
        }

        return sessions.Find(host) is null
            ? new AskOutcome(Away: new Problem503(
                $"{host}, which has {instance}, is not connected", "its processes may run on: look at the host itself"))
            : await AskAsync(host, ask, stop);
    }

    public async Task<AskOutcome> AskAsync(HostId host, Func<long, MasterMessage> ask, CancellationToken stop)
    {
        var hosts = view.Current.State.Facts.Keys;
        if (!hosts.Contains(host))
        {
            return new AskOutcome(Absent: Unknown.Host(host, hosts));
        }

        if (sessions.Find(host) is not { } session)
        {
            return new AskOutcome(Away: new Problem503($"{host} is not connected", "look at the host itself"));
        }

        using var late = new CancellationTokenSource(AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            return await session.AskAsync(ask, either.Token) is { } answer
                ? new AskOutcome(answer)
                : new AskOutcome(Away: new Problem503($"too many requests to {host} wait already", "try again in a moment"));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new AskOutcome(Late: new Problem504(
                $"the agent of {host} did not answer in time, or its session ended", "see: zurg hosts"));
        }
    }

    /// <summary>Where it is placed; one that left its place may still be reported by a host.</summary>
    public static HostId? HostOf(Core.ClusterState state, InstanceId instance) =>
        state.Placements.Values.Where(h => h.Instances.Any(p => p.Instance == instance)).Select(h => (HostId?)h.Host)
            .Concat(state.Facts.Values.Where(h => h.Find(instance) is not null).Select(h => (HostId?)h.Host))
            .FirstOrDefault();
}
