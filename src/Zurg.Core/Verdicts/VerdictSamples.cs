using System.Collections.Immutable;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A service's counts as samples of one signal after another.</summary>
internal sealed class VerdictSamples
{
    private readonly VerdictPolicy _policy;
    private readonly VerdictSides _sides;
    private readonly ControlChoice _control;
    private readonly ImmutableArray<(TrafficRow Row, int Stratum)> _rows;
    private readonly ImmutableArray<LifeCount> _lives;
    private readonly ImmutableSortedDictionary<long, int> _slow;
    private readonly Dictionary<(InstanceId, Incarnation), long> _firstSeen;
    private readonly Dictionary<InstanceId, int> _numbers;
    private readonly long _since;

    /// <param name="rows">Of the time that is looked at, and so are the lives.</param>
    public VerdictSamples(
        VerdictPolicy policy, VerdictQuestion question, ControlChoice control, VerdictSides sides,
        ImmutableArray<TrafficRow> rows, ImmutableArray<LifeCount> lives, long until)
    {
        (_policy, _control, _sides, _lives) = (policy, control, sides, lives);
        _since = question.Since.ToUnixTimeSeconds();
        Instances = [.. question.New.Concat(question.Old).Select(i => i.Instance).Distinct().Order()];
        Names = [.. Instances.Select(NameOf)];
        _numbers = Instances.Index().ToDictionary(i => i.Item, i => i.Index);
        _rows = Numbered(rows);
        _firstSeen = rows.GroupBy(r => (r.Of.Instance, r.Count.Incarnation)).ToDictionary(g => g.Key, g => g.Min(r => r.Second));
        _slow = SlowLimit.Of(_rows.Select(r => r.Row), control.Basis == ControlBasis.Before ? _since + 1 : until);
    }

    public ImmutableArray<InstanceId> Instances { get; }

    /// <summary>By instance; the same whatever else is there.</summary>
    public ImmutableArray<ulong> Names { get; }

    /// <summary>Whether anybody measures how long answers of the new one take, or it was asked nothing.</summary>
    public bool AreTimed => _rows.All(r => !r.Row.IsNew) || _rows.Any(r => r.Row.IsNew && r.Row.Count.Latency is not null);

    public ImmutableArray<Sample> Of(VerdictSignal signal) => signal switch
    {
        VerdictSignal.FirstAttempts => Traffic(c => (c.FirstFailures ?? 0, c.Requests)),
        VerdictSignal.Errors => Traffic(c => (c.Failures ?? 0, c.Requests)),
        VerdictSignal.Timeouts => Traffic(c => (c.Timeouts ?? 0, c.Requests)),
        VerdictSignal.Slow => [.. _rows.Where(r => !IsWarmingUp(r.Row)).Select(r => SlowOf(r.Row, r.Stratum)).OfType<Sample>()],
        VerdictSignal.Crashes => Lives(l => (l.Crashes ?? 0, Math.Max(l.Lived, l.Crashes ?? 0))),
        VerdictSignal.Probes => Lives(l => (l.FailedProbes ?? 0, l.Probes ?? 0)),
        VerdictSignal.Unknown => [],
    };

    /// <summary>
    /// The time before beside what is judged: each second of that stands for some seconds of it, nearest first, so that all of it
    /// is used within the first round.
    /// </summary>
    public IEnumerable<Sample> Replayed(IEnumerable<Sample> samples)
    {
        var before = samples.Where(s => !s.IsNew && s.Second < _since).ToArray();
        var span = before.Length == 0 ? 0 : _since - before.Min(s => s.Second);
        var each = Math.Max(1, span / VerdictRounds.SecondsOfTheFirst(_policy));
        return before.Select(s => s with { Second = _since + ((_since - 1 - s.Second) / each) });
    }

    private ImmutableArray<(TrafficRow, int)> Numbered(ImmutableArray<TrafficRow> rows)
    {
        var strata = rows.Select(r => _control.StratumOf(r)).OfType<(string Caller, string Cell)>().Distinct()
            .OrderBy(s => s.Caller, StringComparer.Ordinal).ThenBy(s => s.Cell, StringComparer.Ordinal)
            .Index().ToDictionary(s => s.Item, s => s.Index);
        return [.. from row in rows let stratum = _control.StratumOf(row) where stratum is not null select (row, strata[stratum.Value])];
    }

    private ImmutableArray<Sample> Traffic(Func<InstanceTraffic, (long Bad, long Asked)> count) =>
        [.. _rows.Select(r => SampleOf(r.Row.Second, r.Stratum, r.Row.Of.Instance, r.Row.IsNew, count(r.Row.Count)))];

    private Sample? SlowOf(TrafficRow row, int stratum)
    {
        // When nothing but the time before is left, what was slow at its end is slow before and after it.
        var at = _control.Basis == ControlBasis.Before ? _since : row.Second;
        return row.Count.Latency is { } latency && _slow.TryGetValue(at, out var limit)
            ? SampleOf(row.Second, stratum, row.Of.Instance, row.IsNew, (latency.Above(limit), latency.Total))
            : null;
    }

    /// <summary>Of either side: an old one that has just been restarted is as cold.</summary>
    private bool IsWarmingUp(TrafficRow row) =>
        row.Second - _firstSeen[(row.Of.Instance, row.Count.Incarnation)] < (long)_policy.WarmUp.TotalSeconds;

    private ImmutableArray<Sample> Lives(Func<LifeCount, (long Bad, long Asked)> count) =>
    [
        .. from life in _lives
           let side = _sides.SideOf(life.Instance, life.Incarnation, life.Release, life.Second)
           where side is not null
           select SampleOf(life.Second, 0, life.Instance, side.Value, count(life)),
    ];

    /// <summary>Never more bad than asked, never less than nothing: counts come from other machines.</summary>
    private Sample SampleOf(long second, int stratum, InstanceId instance, bool isNew, (long Bad, long Asked) count)
    {
        var asked = Math.Max(0, count.Asked);
        return new Sample(second, stratum, _numbers[instance], isNew, Math.Clamp(count.Bad, 0, asked), asked);
    }

    /// <summary>FNV-1a.</summary>
    private static ulong NameOf(InstanceId instance)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var b in Encoding.UTF8.GetBytes(instance.Value))
        {
            hash = (hash ^ b) * 0x100000001B3;
        }

        return hash;
    }
}
