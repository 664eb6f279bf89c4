using System.Collections.Immutable;
using Zurg.Agent.Ports;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>What an instance finds in its environment: that of its process, and what the next start would put there.</summary>
internal sealed class EnvSource(AgentSite site, Preparation preparation, PortPool ports)
{
    private const string TokenName = "ZURG_INCARNATION";

    /// <param name="state">The newest; null before the first.</param>
    public EnvAnswer Answer(EnvRequest request, AgentState? state)
    {
        var answer = new EnvAnswer { Nonce = request.Nonce };
        if (state?.Instances.GetValueOrDefault(request.Instance) is not { } instance)
        {
            return answer with { Problem = $"{request.Instance} is not on {site.Host}" };
        }

        var next = Next(instance) is LaunchOutcome.Built built ? built.Launch.Env.Remove(TokenName) : null;
        var running = instance.Process is null ? null : instance.Launch;
        return answer with
        {
            Env = new InstanceEnv
            {
                Instance = request.Instance,
                Host = site.Host,
                Incarnation = running is null ? null : instance.Incarnation,
                Pid = instance.Process?.Pid,
                Running = running?.Env,
                Next = next,
                Differs = running is null || next is null ? [] : Differing(running.Env.Remove(TokenName), next),
            },
        };
    }

    /// <summary>What the next start would run, with the ports that it had last.</summary>
    public LaunchOutcome Next(InstanceState instance)
    {
        var assigned = instance.Assigned;
        using var work = new IncarnationWork(assigned.Instance, instance.Incarnation, "");
        var given = assigned.Spec.Ports.ToImmutableSortedDictionary(
            p => p.Key, p => p.Value.Fixed ?? ports.LastOf(assigned.Instance, p.Key) ?? 0);
        return LaunchBuilder.Build(
            assigned, preparation.VariablesOf(assigned, work, given, site.Paths.Release(assigned.Spec.Release)));
    }

    private static ImmutableArray<string> Differing(
        ImmutableSortedDictionary<string, string> one, ImmutableSortedDictionary<string, string> other) =>
        [
            .. one.Keys.Union(other.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Where(k => one.GetValueOrDefault(k) != other.GetValueOrDefault(k)),
        ];
}
