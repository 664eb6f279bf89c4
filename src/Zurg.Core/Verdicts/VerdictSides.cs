using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One instance's counts by one cell's callers in one second, and whose they are.</summary>
internal readonly record struct TrafficRow(long Second, CellName? Caller, JudgedInstance Of, bool IsNew, InstanceTraffic Count);

/// <summary>Which counts are of the new one and which of the old one; all others are nobody's.</summary>
internal sealed class VerdictSides
{
    private readonly VerdictQuestion _question;
    private readonly Dictionary<InstanceId, JudgedInstance> _new;
    private readonly Dictionary<InstanceId, JudgedInstance> _old;
    private readonly long _since;

    public VerdictSides(VerdictQuestion question)
    {
        _question = question;
        _since = question.Since.ToUnixTimeSeconds();
        _new = question.New.ToDictionary(i => i.Instance);
        _old = question.Old.Where(i => !_new.ContainsKey(i.Instance)).ToDictionary(i => i.Instance);
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
           select new TrafficRow(second.Second, second.Caller, Find(count.Instance)!, side.Value, count),
    ];

    public JudgedInstance? Find(InstanceId instance) => _new.GetValueOrDefault(instance) ?? _old.GetValueOrDefault(instance);

    /// <returns>True: the new one's; false: the old one's; null: neither's.</returns>
    public bool? SideOf(InstanceId instance, Incarnation incarnation, ReleaseId? release, long second)
    {
        if (_new.TryGetValue(instance, out var changed) && !(incarnation < changed.First))
        {
            return second >= _since && (release ?? _question.To) == _question.To ? true : null;
        }

        var isOld = changed is not null || (_old.TryGetValue(instance, out var old) && !(incarnation < old.First));
        return isOld && (release ?? _question.From) == _question.From ? false : null;
    }
}
