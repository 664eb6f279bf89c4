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
    private readonly NumberedRow[] _rows;
    private readonly ImmutableArray<LifeCount> _lives;
    private readonly ImmutableSortedDictionary<long, int> _slow;
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
        _slow = SlowLimit.Of(_rows.Select(r => r.Row), control.Basis == ControlBasis.Before ? _since + 1 : until);
    }

    public ImmutableArray<InstanceId> Instances { get; }

    /// <summary>By instance; the same whatever else is there.</summary>
    public ImmutableArray<ulong> Names { get; }

    /// <summary>Whether anybody measures how long answers of the new one take, or it was asked nothing.</summary>
    public bool AreTimed => !_rows.Any(r => r.Row.IsNew) || _rows.Any(r => r.Row.IsNew && r.Row.Count.Latency is not null);

    public ImmutableArray<Sample> Of(VerdictSignal signal) => signal switch
    {
        VerdictSignal.FirstAttempts => Traffic(c => (c.FirstFailures ?? 0, c.Requests)),
        VerdictSignal.Errors => Traffic(c => (c.Failures ?? 0, c.Requests)),
        VerdictSignal.Timeouts => Traffic(c => (c.Timeouts ?? 0, c.Requests)),
        VerdictSignal.Slow => [.. Slow()],
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

    /// <summary>Those that are compared with anything, by second.</summary>
    private NumberedRow[] Numbered(ImmutableArray<TrafficRow> rows)
    {
        var strata = StrataOf(rows);
        var firstSeen = new Dictionary<(int Instance, Incarnation Incarnation), long>();
        var numbered = new List<NumberedRow>(rows.Length);
        var isInOrder = true;
        foreach (var row in rows)
        {
            if (strata[(row.Caller, row.Of.Cell)] is { } stratum)
            {
                var life = (Instance: _numbers[row.Of.Instance], row.Count.Incarnation);
                firstSeen[life] = Math.Min(row.Second, firstSeen.GetValueOrDefault(life, long.MaxValue));
                isInOrder &= numbered.Count == 0 || numbered[^1].Row.Second <= row.Second;
                numbered.Add(new NumberedRow(row, stratum, life.Instance));
            }
        }

        var all = isInOrder ? numbered.ToArray() : [.. numbered.OrderBy(r => r.Row.Second)];
        var warmUp = (long)_policy.WarmUp.TotalSeconds;
        for (var i = 0; i < all.Length; i++)
        {
            var row = all[i].Row;
            all[i] = all[i] with { IsWarm = row.Second - firstSeen[(all[i].Instance, row.Count.Incarnation)] >= warmUp };
        }

        return all;
    }

    private Dictionary<(CellName? Caller, CellName Cell), int?> StrataOf(ImmutableArray<TrafficRow> rows)
    {
        var pairs = new HashSet<(CellName? Caller, CellName Cell)>();
        foreach (var row in rows)
        {
            pairs.Add((row.Caller, row.Of.Cell));
        }

        var strata = pairs.Select(p => _control.StratumOf(p.Caller, p.Cell)).OfType<(string Caller, string Cell)>().Distinct()
            .OrderBy(s => s.Caller, StringComparer.Ordinal).ThenBy(s => s.Cell, StringComparer.Ordinal)
            .Index().ToDictionary(s => s.Item, s => s.Index);
        return pairs.ToDictionary(p => p, p => _control.StratumOf(p.Caller, p.Cell) is { } s ? strata[s] : (int?)null);
    }

    private ImmutableArray<Sample> Traffic(Func<InstanceTraffic, (long Bad, long Asked)> count) =>
        [.. _rows.Select(r => SampleOf(r.Row.Second, r.Stratum, r.Instance, r.Row.IsNew, count(r.Row.Count)))];

    private IEnumerable<Sample> Slow()
    {
        foreach (var (row, stratum, instance, isWarm) in _rows)
        {
            // When nothing but the time before is left, what was slow at its end is slow before and after it.
            var at = _control.Basis == ControlBasis.Before ? _since : row.Second;
            if (isWarm && row.Count.Latency is { } latency && _slow.TryGetValue(at, out var limit))
            {
                yield return SampleOf(row.Second, stratum, instance, row.IsNew, (latency.Above(limit), latency.Total));
            }
        }
    }

    private ImmutableArray<Sample> Lives(Func<LifeCount, (long Bad, long Asked)> count) =>
    [
        .. from life in _lives
           let side = _sides.SideOf(life.Instance, life.Incarnation, life.Release, life.Second)
           where side is not null
           select SampleOf(life.Second, 0, _numbers[life.Instance], side.Value, count(life)),
    ];

    /// <summary>Never more bad than asked, never less than nothing: counts come from other machines.</summary>
    private static Sample SampleOf(long second, int stratum, int instance, bool isNew, (long Bad, long Asked) count)
    {
        var asked = Math.Max(0, count.Asked);
        return new Sample(second, stratum, instance, isNew, Math.Clamp(count.Bad, 0, asked), asked);
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

    /// <param name="IsWarm">Its process had its time to warm up; an old one that has just been restarted is as cold.</param>
    private readonly record struct NumberedRow(TrafficRow Row, int Stratum, int Instance, bool IsWarm = false);
}
