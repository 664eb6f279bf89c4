using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What a plan asks of a rollout: who has its target, who is ready, how far it may go.</summary>
internal sealed partial class ServicePlan
{
    private bool _frozen;

    /// <summary>What people said of this rollout; null when nothing.</summary>
    public RolloutIntent? WordsOn(Rollout rollout) =>
        Intent.Rollout is { } words && words.Number == rollout.Number ? words : null;

    public bool IsPaused(Rollout rollout) => _frozen || WordsOn(rollout)?.Paused is true;

    /// <summary>What people want now cannot be had: nothing more of what they wanted before goes out.</summary>
    public void Freeze() => _frozen = true;

    public static bool IsBlueGreen(Rollout rollout) => rollout is { BlueGreen: true, Phase: not RolloutPhase.RollingBack };

    public long RestartsOf(RolloutTarget target, InstanceId instance) =>
        target.Restarts + Intent.InstanceRestarts.GetValueOrDefault(instance);

    /// <summary>It was placed with this target, or changed to it; whether it runs yet is another question.</summary>
    public bool Has(PlacedOn placed, RolloutTarget target) =>
        placed.Placement.Spec == target.DigestOf(placed.Placement.Instance)
        && placed.Placement.Restarts >= RestartsOf(target, placed.Placement.Instance);

    public bool IsReady(PlacedOn placed) => Readiness.WhyNot(State, placed) is null;

    /// <summary>
    /// It was ready when it was last heard of, with what it was placed with. A hold on something beside it, a generated file that
    /// cannot be written, and the silence of its host take nothing away from whom it serves.
    /// </summary>
    public bool Runs(PlacedOn placed) =>
        State.Facts.GetValueOrDefault(placed.Host)?.Find(placed.Placement.Instance) is { } status
        && status.IsReady() && placed.Placement.IsOf(status);

    public bool IsReachable(PlacedOn placed) => State.Facts.GetValueOrDefault(placed.Host)?.Session == HostSession.Connected;

    /// <summary>It needs no more from this rollout. Of a silent host nothing more can be asked.</summary>
    public bool IsDone(PlacedOn placed, Rollout rollout) =>
        Has(placed, rollout.To)
        && (!IsReachable(placed) || (placed.Placement.Unlisted is not true && IsReady(placed)));

    /// <summary>
    /// How many instances a rollout goes to, those included that a lost host had and that have not found another place yet: it
    /// goes on without them, and is not over sooner because of them.
    /// </summary>
    public int Wanted
    {
        get
        {
            var roster = Roster;
            return Math.Max(service.Scale.Instances ?? 0, roster.Regular.Length + roster.Lost.Length);
        }
    }

    /// <summary>How many of a service that is spread over hosts have no place, or only one on a lost host.</summary>
    public int Missing => service.Scale.Instances is null ? 0 : Wanted - Roster.Regular.Length;

    /// <summary>
    /// How many instances a side of a blue-green change has: all that are wanted, also while some are on their way to another
    /// place, but for those that a lost host had. Of a service that is told its hosts, as many as there are.
    /// </summary>
    public int SideSize
    {
        get
        {
            var roster = Roster;
            return service.Scale.Instances is { } count ? count - roster.Lost.Length : roster.Regular.Length;
        }
    }

    /// <summary>A person has started it again, and this plan is the first to say so.</summary>
    public bool IsBeingStarted => Roster.Staying.Any(p => p.Placement.Wanted != Phase);

    /// <summary>
    /// Whether those that have the target show that it works: each that can be heard is ready, and there is one of them.
    /// </summary>
    public bool IsProven(Rollout rollout)
    {
        var heard = Roster.Staying.Where(p => Has(p, rollout.To) && IsReachable(p)).ToList();
        return heard.Count > 0 && heard.TrueForAll(IsReady);
    }

    /// <summary>A restart of what runs is no news to anybody: it goes as fast as the budget lets it.</summary>
    public ImmutableArray<int> StagesOf(Rollout rollout)
    {
        if (rollout.To.RunsSameAs(rollout.From) || IsBlueGreen(rollout))
        {
            return Stages.AtOnce(Wanted);
        }

        var cells = Roster.Regular.GroupBy(CellRank).OrderBy(g => g.Key).Select(g => g.Count()).ToList();
        return Stages.Of(Service.Update, [.. cells, Wanted - cells.Sum()]);
    }

    /// <summary>
    /// How many count against <see cref="Rollout.Allowed"/>: instances with the target, and in the first of several stages spare
    /// ones too. So the canary is a spare one where there is any, and takes nothing away.
    /// </summary>
    public int CountOn(Rollout rollout, ImmutableArray<int> stages)
    {
        var roster = Roster;
        var withSpare = !IsBlueGreen(rollout) && stages.Length > 1 && rollout.Allowed <= stages[0];
        return (withSpare ? roster.Staying : roster.Regular).Count(p => Has(p, rollout.To));
    }

    /// <summary>So many more may get the target now.</summary>
    public int RoomIn(Rollout rollout) => rollout.Phase switch
    {
        RolloutPhase.Running when IsPaused(rollout) => 0,
        RolloutPhase.Running => rollout.Allowed - CountOn(rollout, StagesOf(rollout)),
        RolloutPhase.RollingBack when WordsOn(rollout)?.Paused is true => 0,
        RolloutPhase.RollingBack or RolloutPhase.Completed => int.MaxValue,
        RolloutPhase.Halted or RolloutPhase.Unknown => 0,
    };

    /// <summary>What an instance gets that is placed on this host now.</summary>
    public RolloutTarget ForNew(Rollout rollout, HostId host) =>
        RoomIn(rollout) > 0 && CellRank(host) <= CellOrder.LastOpen(this, rollout) ? rollout.To : rollout.From;

    public TimeSpan BakeOf(Rollout rollout) => rollout.To.RunsSameAs(rollout.From) ? TimeSpan.Zero : Service.Update.Bake;

    /// <summary>The place of an instance's cell in the spec's order; cells that it does not name come last, by name.</summary>
    public int CellRank(PlacedOn placed) => CellRank(placed.Host);

    public int CellRank(HostId host) => CellsInOrder.IndexOf(CellOf(State.Facts.GetValueOrDefault(host)));

    private ImmutableArray<CellName> CellsInOrder => field.IsDefault
        ? field = [.. Applied.Spec.Cells.Union(State.Facts.Values.Select(CellOf).Append(default).Order())]
        : field;

    private static CellName CellOf(HostFacts? facts) => facts?.Description.Cell ?? default;
}
