using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One instance's counts by one cell's callers in one second, and whose they are.</summary>
internal readonly record struct TrafficRow(long Second, CellName? Caller, JudgedInstance Of, bool IsNew, InstanceTraffic Count);

/// <summary>Which counts are of the new one and which of the old one; all others are nobody's.</summary>
internal sealed class VerdictSides
{
    private readonly VerdictQuestion _question;
    private readonly Dictionary<InstanceId, (JudgedInstance Of, bool IsChanged)> _all;
    private readonly long _since;

    public VerdictSides(VerdictQuestion question)
    {
        _question = question;
        _since = question.Since.ToUnixTimeSeconds();
        _all = question.New.Select(i => (Of: i, IsChanged: true)).Concat(question.Old.Select(i => (Of: i, IsChanged: false)))
            .DistinctBy(i => i.Of.Instance).ToDictionary(i => i.Of.Instance);
    }

    /// <param name="from">The first second that is looked at.</param>
    /// <param name="until">The first one that is not.</param>
    public ImmutableArray<TrafficRow> RowsOf(IEnumerable<TrafficSecond> traffic, long from, long until) =>
    [
        .. from second in traffic
           where second.Second >= @from && second.Second < until
           from count in second.Instances
           let side = SideOf(count.Instance, count.Incarnation, count.Release, second.Second)
           where side is not null
           select new TrafficRow(second.Second, second.Caller, _all[count.Instance].Of, side.Value, count),
    ];

    /// <returns>True: the new one's; false: the old one's; null: neither's.</returns>
    public bool? SideOf(InstanceId instance, Incarnation incarnation, ReleaseId? release, long second)
    {
        if (!_all.TryGetValue(instance, out var judged))
        {
            return null;
        }

        var (of, isChanged) = judged;
        var isBefore = of.First is { } first ? incarnation < first
            : isChanged && release == _question.From && _question.From != _question.To;
        if (isChanged && !isBefore)
        {
            return second >= _since && (release ?? _question.To) == _question.To ? true : null;
        }

        return isChanged == isBefore && (release ?? _question.From) == _question.From ? false : null;
    }
}
