using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The answer to decisions that are well-formed and wrong (SAFETY.md 4.6): of what nobody asked for, a host that lost a label and
/// with it its instances, only a small share of the fleet is withdrawn within a minute; the rest is a hold. Rollouts, drains and
/// stops are people's own words and are not counted. Lives inside one plan, over all services.
/// </summary>
internal sealed class ActionBudget(ClusterState state, DateTimeOffset now)
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>Of all placed instances; at least one.</summary>
    public const double Share = 0.02;

    private readonly int _most = Math.Max(
        1, (int)(state.Placements.Values.Sum(h => h.Instances.Length) * Share));

    private ImmutableArray<DateTimeOffset> _recent = [.. (state.Unasked?.At ?? []).Where(at => at > now - Window && at <= now)];

    /// <summary>What is to be remembered; null: nothing new.</summary>
    public UnaskedActions? Changed { get; private set; }

    /// <summary>When the next one may be; null while one may be now.</summary>
    public DateTimeOffset? Until => _recent.Length < _most ? null : _recent[^_most] + Window;

    /// <summary>What has been withdrawn already was counted then.</summary>
    public bool TryTake(PlacedOn placed)
    {
        if (placed.Placement.DrainingSince is not null)
        {
            return true;
        }

        if (_recent.Length >= _most)
        {
            return false;
        }

        _recent = _recent.Add(now);
        Changed = new UnaskedActions(_recent);
        return true;
    }

    public Hold Hold(PlacedOn placed, string why) => placed.HoldOf(
        HoldReason.TooManyActions,
        string.Create(CultureInfo.InvariantCulture,
            $"{placed.Placement.Instance} stays on {placed.Host} for now though {why}: nobody asked for that, and at most "
                + $"{_most} such within a minute are withdrawn"),
        $"if it is meant, zurg drain {placed.Host} moves everything at once; if not, give the host its labels back");
}
