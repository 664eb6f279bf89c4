using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>
/// The promise of a strict switch (docs/decisions/029): from the moment on in which the store says that one side takes over, no
/// process of the other one answers that a consumer may know of; and none of a side that has not taken over yet.
/// </summary>
internal sealed class StrictJudge(Sim sim, SortedDictionary<HostId, SimHost> hosts)
{
    /// <summary>Each was listed once: somebody may still ask it.</summary>
    private readonly HashSet<(HostId, InstanceId, Incarnation)> _met = [];

    /// <summary>As long as it stays placed so, each later incarnation listens where somebody may ask.</summary>
    private readonly HashSet<(HostId, InstanceId, DateTimeOffset?)> _metAt = [];

    /// <summary>When a host was lost last, or was not told yet what it is to run. What ran there then nobody waits for.</summary>
    private readonly SortedDictionary<HostId, TimeSpan> _gone = [];

    private ClusterState _state = ClusterState.Empty;
    private NamingState _naming = NamingState.Empty;

    public void OnCommit(ClusterState state, NamingState naming)
    {
        (_state, _naming) = (state, naming);
        foreach (var facts in state.Facts.Values.Where(IsGone))
        {
            _gone[facts.Host] = sim.Time.Elapsed;
        }

        foreach (var endpoint in naming.Sets.Values.SelectMany(s => s.Endpoints))
        {
            _met.Add((endpoint.Host, endpoint.Instance, endpoint.Incarnation));
            _metAt.Add((endpoint.Host, endpoint.Instance, PlacedAs(endpoint.Host, endpoint.Instance)?.Since));
        }

        foreach (var service in state.Rollouts.Keys)
        {
            Check(service);
        }
    }

    public void Check(ServiceName service)
    {
        if (!_state.Rollouts.TryGetValue(service, out var rollout) || !IsStrict(rollout))
        {
            return;
        }

        sim.Count("a strict change was in force");
        if (rollout.SwitchedAt is null)
        {
            sim.Demand(
                !_naming.SetOf(service).Endpoints.Any(e => Has(e.Host, e.Instance, rollout.To)),
                $"the new side of {service} is listed before the old one refuses");
            return;
        }

        // On the way back the target is what ran before.
        var isBack = rollout.Phase == RolloutPhase.RollingBack;
        var targetAnswers = !isBack || rollout.ReturnedAt is not null;
        foreach (var host in hosts.Values.Where(h => h.TellsEpochs && !IsGone(_state.Facts.GetValueOrDefault(h.Id))))
        {
            foreach (var process in host.Alive.Where(p => p.Instance.Service == service && !p.Refuses && IsMet(host.Id, p)))
            {
                var isWrong = targetAnswers
                    ? process.Spec != rollout.To.DigestOf(process.Instance)
                    : process.Spec == rollout.To.DigestOf(process.Instance)
                        && Has(host.Id, process.Instance, rollout.To);
                sim.Demand(
                    !isWrong || process.StartedAt <= _gone.GetValueOrDefault(host.Id, TimeSpan.MinValue),
                    $"{process.Instance} #{process.Incarnation} on {host.Id} answers, and in rollout {rollout.Number} "
                        + $"({rollout.Phase}) only {(targetAnswers ? "" : "not ")}{rollout.To.Release} is to");
            }
        }
    }

    /// <summary>It is between its sides, or has switched; until then the old one answers, as it did.</summary>
    private bool IsStrict(Rollout rollout) =>
        rollout is { BlueGreen: true, ClosedAt: not null }
        && (rollout.Phase is RolloutPhase.Running or RolloutPhase.Halted
            || rollout is { Phase: RolloutPhase.RollingBack, SwitchedAt: not null })
        && _state.Applied?.Spec.Find(rollout.Service) is { } spec && spec.Update.BlueGreen is not { Strict: false };

    private static bool IsGone(HostFacts? facts) => facts is { Session: HostSession.Lost } or { ReturnedAt: not null };

    private bool Has(HostId host, InstanceId instance, RolloutTarget target) =>
        PlacedAs(host, instance)?.Spec == target.DigestOf(instance);

    private bool IsMet(HostId host, SimProcess process) =>
        _met.Contains((host, process.Instance, process.Incarnation))
        || (PlacedAs(host, process.Instance) is { } placed && placed.Spec == process.Spec
            && _metAt.Contains((host, process.Instance, placed.Since)));

    private Placement? PlacedAs(HostId host, InstanceId instance) =>
        _state.Placements.GetValueOrDefault(host)?.Instances.FirstOrDefault(p => p.Instance == instance);
}
