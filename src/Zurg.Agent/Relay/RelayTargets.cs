using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Relay;

/// <summary>The endpoints that connections of one listener may be carried to, and which of them is next.</summary>
/// <param name="port">The one to connect to; null: see <see cref="RelayTarget.AddressOf"/>.</param>
/// <param name="seed">Of the chance with which they are picked.</param>
internal sealed class RelayTargets(PortName? port, TimeProvider time, ulong seed)
{
    /// <summary>An endpoint that did not take a connection is picked last for so long.</summary>
    public static readonly TimeSpan AvoidFor = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Prng _prng = new(seed);
    private ImmutableArray<RelayTarget> _targets = [];
    private TaskCompletionSource _changed = NewChange();

    /// <summary>When it returns, every endpoint that the set does not have is known to be unlisted, and none is picked.</summary>
    public void Take(EndpointSet set)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            var before = _targets;
            var targets = ImmutableArray.CreateBuilder<RelayTarget>(set.Endpoints.Length);
            foreach (var endpoint in set.Endpoints)
            {
                if (RelayTarget.AddressOf(endpoint, port) is { } address)
                {
                    targets.Add(before.FirstOrDefault(t => t.TryTake(endpoint, address)) ?? new RelayTarget(endpoint, address));
                }
            }

            _targets = targets.ToImmutable();
            foreach (var gone in before.Except(_targets))
            {
                gone.Listed = false;
            }

            (changed, _changed) = (_changed, NewChange());
        }

        changed.SetResult();
    }

    /// <summary>Null when all of them were tried, or there is none.</summary>
    public RelayTarget? Pick(List<RelayTarget> tried)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            var candidates = new RelayCandidate[_targets.Length];
            for (var i = 0; i < candidates.Length; i++)
            {
                var target = _targets[i];
                candidates[i] = new RelayCandidate(
                    target.Suspect, target.IsAvoided(now), tried.Contains(target), target.Connections);
            }

            return RelayChoice.Pick(candidates, below => _prng.Next(below)) is { } picked ? _targets[picked] : null;
        }
    }

    /// <summary>It did not take a connection.</summary>
    public void Avoid(RelayTarget target) =>
        target.Avoid(time.GetTimestamp() + (long)(AvoidFor.TotalSeconds * time.TimestampFrequency));

    /// <summary>Done when there is another set than now.</summary>
    public Task Changed()
    {
        lock (_lock)
        {
            return _changed.Task;
        }
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
