using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What the counts say about a release (SAFETY.md 6): it is halted as soon as one signal proves harm, and passes once every
/// signal has proven that there is none. Everything is worked out anew from the counts that are kept: nothing has to survive a
/// master, counts that come late are in it the next time, and a lost count only makes the proof later.
/// </summary>
public static class VerdictJudge
{
    private static readonly ImmutableArray<VerdictSignal> Signals =
    [
        VerdictSignal.FirstAttempts, VerdictSignal.Errors, VerdictSignal.Timeouts, VerdictSignal.Slow, VerdictSignal.Crashes,
        VerdictSignal.Probes,
    ];

    public static Verdict Judge(VerdictPolicy policy, VerdictQuestion question, ServiceCounts counts, DateTimeOffset now)
    {
        var kept = (now - policy.Kept).ToUnixTimeSeconds();
        var until = (now - policy.Lag).ToUnixTimeSeconds();
        var since = question.Since.ToUnixTimeSeconds();
        var sides = new VerdictSides(question);
        var rows = sides.RowsOf(counts.Traffic, kept, until);
        var control = ControlChoice.Of(question, rows);
        var lives = counts.Lives.Where(l => l.Second >= kept && l.Second < until).ToImmutableArray();
        var samples = new VerdictSamples(policy, question, control, sides, rows, lives, until);
        var from = FirstJudged(policy, since, kept);
        var findings = Signals
            .Where(s => s != VerdictSignal.Slow || samples.AreTimed)
            .Select(s => SignalFinding.Of(policy, s, samples, control.Basis, from, since, until))
            .ToImmutableArray();
        var words = new VerdictWords(policy, question, control);
        return Decide(policy, question, findings, words, now) with
        {
            At = DateTimeOffset.FromUnixTimeSeconds(Math.Max(since, until)),
            Signals =
            [
                .. findings.Where(f => f.Evidence.Sum.Asked + f.Evidence.Sum.OldAsked > 0)
                    .OrderByDescending(f => f.Halts ? f.Beyond : double.NegativeInfinity)
                    .Select(f => EvidenceOf(f)),
            ],
            Caveats = words.Caveats(samples.AreTimed),
        };
    }

    private static Verdict Decide(
        VerdictPolicy policy, VerdictQuestion question, ImmutableArray<SignalFinding> findings, VerdictWords words,
        DateTimeOffset now)
    {
        var until = question.Since + (2 * policy.Within);
        if (findings.Where(f => f.Halts).MaxBy(f => f.Beyond) is { } worst)
        {
            return Of(VerdictOutcome.Halt, question, words.Halt(worst));
        }

        var missing = words.Missing(findings);
        if (missing.IsEmpty)
        {
            return Of(VerdictOutcome.Pass, question, words.Pass(findings));
        }

        return now < until
            ? Of(VerdictOutcome.Watching, question, words.Watching(findings)) with { Missing = missing, Until = until }
            : Of(VerdictOutcome.TooLittle, question, words.TooLittle(missing[0])) with
            {
                Missing = missing,
                GoesOnAt = policy.TooLittle == OnTooLittle.GoOn ? until + policy.GoOnAfter : null,
                Asks = policy.TooLittle == OnTooLittle.Ask ? true : null,
            };
    }

    private static Verdict Of(VerdictOutcome outcome, VerdictQuestion question, string why) =>
        new() { Outcome = outcome, Why = why, Since = question.Since, At = question.Since };

    /// <summary>
    /// Where counts of its beginning are gone, a round begins at the first second that is there: not at a place that moves with
    /// each look.
    /// </summary>
    private static long FirstJudged(VerdictPolicy policy, long since, long kept)
    {
        if (kept <= since)
        {
            return since;
        }

        var round = VerdictRounds.Of(policy, kept - since);
        var start = VerdictRounds.StartOf(policy, round);
        return since + (start == kept - since ? start : VerdictRounds.StartOf(policy, round + 1));
    }

    private static SignalEvidence EvidenceOf(SignalFinding finding)
    {
        var sum = finding.Evidence.Sum;
        return new SignalEvidence
        {
            Signal = finding.Signal,
            Instances = finding.New,
            Requests = sum.Asked,
            Bad = sum.Bad,
            OldInstances = finding.OldInstances,
            OldRequests = sum.OldAsked,
            OldBad = sum.OldBad,
            Ratio = finding.Evidence.Ratio,
            Limit = finding.Limit,
            ToHalt = finding.ToHalt,
            ToPass = SignalFinding.CanPass(finding.Signal) ? finding.ToPass : null,
            Dispersion = finding.Dispersion,
        };
    }
}
