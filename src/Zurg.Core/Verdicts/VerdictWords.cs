using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A verdict's sentences: who, how much of how much, against whom, and what was the limit.</summary>
internal sealed class VerdictWords(VerdictPolicy policy, VerdictQuestion question, ControlChoice control)
{
    private const int NamesMax = 3;

    // Another spec of one release has no version of its own.
    private readonly (string New, string Old) _what = question.To == question.From
        ? ("the new spec", "the old spec")
        : (question.To.Version.ToString(), question.From.Version.ToString());

    public string Halt(SignalFinding finding)
    {
        var sum = finding.Evidence.Sum;
        var who = finding.New.IsEmpty ? Names(question.New.Select(i => i.Instance)) : Names(finding.New);
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{who} with {_what.New} {Did(finding.Signal, sum.Bad, sum.Asked)}, ");
        var than = string.Create(CultureInfo.InvariantCulture,
            $"{Others(finding.OldInstances)}: {Share(sum.OldBad, sum.OldAsked)}");
        return finding.Evidence.Ratio is { } ratio
            ? text + string.Create(CultureInfo.InvariantCulture,
                $"{ratio:0.0} times as often as {than}; up to {finding.Limit:0.0#} times is fine")
            : text + $"and {than}";
    }

    public string Pass(ImmutableArray<SignalFinding> findings)
    {
        var sum = findings[0].Evidence.Sum;
        return string.Create(CultureInfo.InvariantCulture,
            $"{_what.New} is as good as {_what.Old} in {sum.Asked:N0} requests to {Names(findings[0].New)}, compared with "
                + $"{sum.OldAsked:N0} to {Others(findings[0].OldInstances)}");
    }

    public string Watching(ImmutableArray<SignalFinding> findings)
    {
        var slowest = findings.Where(f => SignalFinding.CanPass(f.Signal)).MinBy(f => f.ToPass)!;
        var worst = findings.MaxBy(f => f.ToHalt)!;
        var sum = findings[0].Evidence.Sum;
        return string.Create(CultureInfo.InvariantCulture,
            $"{_what.New} is watched: {sum.Asked:N0} requests so far and {sum.OldAsked:N0} to compare with; "
                + $"{slowest.ToPass:0 %} of what a pass needs ({Noun(slowest.Signal)}), "
                + $"{worst.ToHalt:0 %} of what a halt needs ({Noun(worst.Signal)})");
    }

    public string TooLittle(string missing) => string.Create(CultureInfo.InvariantCulture,
        $"{(2 * policy.Within).TotalMinutes:0.#} minutes were too little to tell whether {_what.New} is fine: {missing}");

    /// <summary>Empty: it passes.</summary>
    public ImmutableArray<string> Missing(ImmutableArray<SignalFinding> findings) =>
        [.. findings.Select(MissingOf).OfType<string>()];

    public ImmutableArray<string> Caveats(bool areTimed)
    {
        var caveats = ImmutableArray.CreateBuilder<string>();
        if (question.New is [var only])
        {
            caveats.Add($"only {only.Instance} on {only.Host} has {_what.New}: what this instance or its host does to it cannot "
                + "be told from what the release does");
        }
        else if (question.New.Select(i => i.Host).Distinct().Take(2).ToArray() is [var host])
        {
            caveats.Add($"all that have {_what.New} run on {host}: what this host does to them cannot be told from what the "
                + "release does");
        }

        if (control.Reason is { } reason)
        {
            caveats.Add(reason);
        }

        if (!areTimed)
        {
            caveats.Add("nobody measures how long answers take: slow ones are not compared");
        }

        return caveats.ToImmutable();
    }

    private string? MissingOf(SignalFinding finding)
    {
        var sum = finding.Evidence.Sum;
        if (finding.IsSuspect)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"{Noun(finding.Signal)}: more than with {_what.Old}, {finding.ToHalt:0 %} of what a halt needs");
        }

        return finding.HasPassed || !SignalFinding.CanPass(finding.Signal) ? null
            : sum.Asked < policy.RequestsMin
                ? Few(finding, sum.Asked, Names(question.New.Select(i => i.Instance)))
            : sum.OldAsked < policy.RequestsMin && finding.Evidence.Rare <= 0
                ? Few(finding, sum.OldAsked, $"instances with {_what.Old}")
            : finding.Dispersion is null && finding.Evidence.Good >= VerdictRounds.ToPass(policy)
                ? $"{Noun(finding.Signal)}: how much they bunch with {_what.Old} is not known yet"
            : string.Create(CultureInfo.InvariantCulture, $"{Noun(finding.Signal)}: {finding.ToPass:0 %} of what a pass needs");
    }

    private string Few(SignalFinding finding, long asked, string whom) => string.Create(CultureInfo.InvariantCulture,
        $"{Noun(finding.Signal)}: {asked} of at least {policy.RequestsMin} requests came to {whom}");

    private string Others(int instances)
    {
        var which = string.Create(
            CultureInfo.InvariantCulture, $"{instances} instance{(instances == 1 ? "" : "s")} with {_what.Old}");
        return control.Basis switch
        {
            ControlBasis.SameCells => instances == 1 ? which + " in the same cell" : which + " in the same cells",
            ControlBasis.SameCallers or ControlBasis.AnyCells => which + " in other cells",
            ControlBasis.Before => which + " before",
        };
    }

    private static string Did(VerdictSignal signal, long bad, long asked) => signal switch
    {
        VerdictSignal.FirstAttempts => $"failed {Share(bad, asked)} first attempts",
        VerdictSignal.Errors => $"failed {Share(bad, asked)} requests",
        VerdictSignal.Timeouts => $"let {Share(bad, asked)} requests time out",
        VerdictSignal.Slow => $"was slow with {Share(bad, asked)} answers",
        VerdictSignal.Crashes => string.Create(CultureInfo.InvariantCulture, $"ended by itself {bad} times in {asked:N0} s"),
        VerdictSignal.Probes => $"failed {Share(bad, asked)} probes",
        VerdictSignal.Unknown => Share(bad, asked),
    };

    private static string Noun(VerdictSignal signal) => signal switch
    {
        VerdictSignal.FirstAttempts => "failed first attempts",
        VerdictSignal.Errors => "errors",
        VerdictSignal.Timeouts => "timeouts",
        VerdictSignal.Slow => "slow answers",
        VerdictSignal.Crashes => "crashes",
        VerdictSignal.Probes => "failed probes",
        VerdictSignal.Unknown => "what an older build does not know",
    };

    private static string Share(long bad, long asked) => asked == 0 ? "none"
        : string.Create(CultureInfo.InvariantCulture, $"{bad:N0} of {asked:N0} ({(double)bad / asked:0.## %})");

    private static string Names(IEnumerable<InstanceId> instances)
    {
        var names = instances.Select(i => i.Value).ToArray();
        var more = names.Length - NamesMax;
        return string.Join(", ", names.Take(NamesMax))
            + (more > 0 ? string.Create(CultureInfo.InvariantCulture, $" and {more} more") : "");
    }
}
