using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What one signal says by now.</summary>
internal sealed record SignalFinding
{
    public required VerdictSignal Signal { get; init; }

    public required Evidence Evidence { get; init; }

    /// <summary>The ratio that is still fine.</summary>
    public required double Limit { get; init; }

    public required double? Dispersion { get; init; }

    /// <summary>What is bet on harm, as a share of what halts; it has reached 1 once or it counts as it stands.</summary>
    public required double ToHalt { get; init; }

    /// <summary>ln of how far beyond, or below, the limit of a halt it was at its most.</summary>
    public required double Beyond { get; init; }

    /// <summary>What speaks for it, as a share of what passes.</summary>
    public required double ToPass { get; init; }

    /// <summary>It passed at some moment since it began.</summary>
    public required bool HasPassed { get; init; }

    public required ImmutableArray<InstanceId> New { get; init; }

    public required int OldInstances { get; init; }

    public bool Halts => Beyond >= 0;

    /// <summary>Half of the way to a halt (E_bad of at least the root of 1/alpha): nothing passes then.</summary>
    public bool IsSuspect => ToHalt >= 0.5;

    /// <summary>Crashes and failed probes are too few for that at any time: they can only halt.</summary>
    public static bool CanPass(VerdictSignal signal) => signal is not (VerdictSignal.Crashes or VerdictSignal.Probes);

    /// <param name="from">The first second that is judged.</param>
    /// <param name="since">What is judged began here, <paramref name="from"/> or earlier.</param>
    public static SignalFinding Of(
        VerdictPolicy policy, VerdictSignal signal, VerdictSamples context, ControlBasis basis, long from, long since, long until)
    {
        var samples = context.Of(signal);
        var dispersion = CanPass(signal) ? Core.Dispersion.Of(samples, context.Names) : null;
        var judged = samples.Where(s => s.Second >= from);
        if (basis == ControlBasis.Before)
        {
            judged = judged.Where(s => s.IsNew).Concat(context.Replayed(samples));
        }
        else if (!CanPass(signal))
        {
            judged = judged.Concat(context.Replayed(samples));   // rare: the fleet's history is control too
        }

        var used = judged.Where(s => s.Second < until).ToArray();
        var tolerance = signal == VerdictSignal.Slow ? policy.SlowTolerance : policy.Tolerance;
        return Fold(policy with { Tolerance = tolerance }, signal, dispersion, used, since) with
        {
            New = [.. Asked(used, isNew: true).Select(i => context.Instances[i]).Order()],
            OldInstances = Asked(used, isNew: false).Count(),
        };
    }

    private static IEnumerable<int> Asked(IEnumerable<Sample> samples, bool isNew) =>
        samples.Where(s => s.IsNew == isNew && s.Asked > 0).Select(s => s.Instance).Distinct();

    /// <summary>One interval after another; whatever was reached on the way stays reached.</summary>
    public static SignalFinding Fold(
        VerdictPolicy policy, VerdictSignal signal, double? dispersion, IEnumerable<Sample> samples, long since)
    {
        var (evidence, round, beyond, passed) = (Evidence.None(policy), 0, double.NegativeInfinity, false);
        foreach (var (second, strata) in Intervals.Of(samples))
        {
            var now = VerdictRounds.Of(policy, second - since);
            evidence = (now == round ? evidence : evidence.NextRound(policy)).Add(policy, dispersion, strata);
            round = now;
            beyond = Math.Max(beyond, evidence.Against - VerdictRounds.ToHalt(policy, round));
            passed |= Passes(policy, evidence, dispersion, round);
        }

        var ahead = evidence.Against / VerdictRounds.ToHalt(policy, round);
        return new SignalFinding
        {
            Signal = signal,
            Evidence = evidence,
            Limit = policy.Tolerance,
            Dispersion = dispersion,
            Beyond = beyond,
            ToHalt = beyond >= 0 ? 1 : Math.Clamp(ahead, 0, 1),
            HasPassed = passed,
            ToPass = passed ? 1 : Math.Clamp(Math.Max(evidence.Good, evidence.Rare) / VerdictRounds.ToPass(policy), 0, 1),
            New = [],
            OldInstances = 0,
        };
    }

    private static bool Passes(VerdictPolicy policy, Evidence evidence, double? dispersion, int round)
    {
        var enough = VerdictRounds.ToPass(policy);
        var asked = evidence.Sum;
        var isGood = dispersion is not null && evidence.Good >= enough && asked.OldAsked >= policy.RequestsMin;
        return asked.Asked >= policy.RequestsMin
            && (isGood || evidence.Rare >= enough)
            && evidence.Against < VerdictRounds.ToHalt(policy, round) / 2;
    }
}
