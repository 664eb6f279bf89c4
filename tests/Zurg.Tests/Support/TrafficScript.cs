using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>
/// Requests to instances web.0 and on, the first of which have 2.0.0 since <see cref="Began"/> and the others 1.0.0; seconds
/// count from there, and before it all had the old one.
/// </summary>
internal sealed class TrafficScript
{
    public static readonly DateTimeOffset Began = new(2030, 1, 10, 12, 0, 0, TimeSpan.Zero);
    public static readonly ReleaseId Old = ReleaseId.Parse("web@1.0.0");
    public static readonly ReleaseId New = ReleaseId.Parse("web@2.0.0");
    private static readonly Incarnation First = new(1);
    private static readonly Incarnation Second = new(2);
    private readonly SortedDictionary<(long Second, string Caller), List<InstanceTraffic>> _traffic = [];
    private readonly List<LifeCount> _lives = [];

    /// <param name="changed">So many have the new release.</param>
    /// <param name="cells">Of the instances in turn.</param>
    public TrafficScript(int instances, int changed = 1, params string[] cells)
    {
        var all = Enumerable.Range(0, instances).Select(i => new JudgedInstance(
            InstanceId.Parse($"web.{i}"), new HostId($"host{i}"),
            new CellName(cells.Length == 0 ? "az1" : cells[i % cells.Length])));
        Question = new VerdictQuestion
        {
            From = Old,
            To = New,
            Since = Began,
            New = [.. all.Take(changed).Select(i => i with { First = Second })],
            Old = [.. all.Skip(changed)],
        };
    }

    public VerdictQuestion Question { get; set; }

    public VerdictPolicy Policy { get; set; } = VerdictPolicy.Usual;

    public ServiceCounts Counts => new()
    {
        Traffic =
        [
            .. _traffic.Select(t => new TrafficSecond
            {
                Second = t.Key.Second,
                Caller = t.Key.Caller.Length == 0 ? null : new CellName(t.Key.Caller),
                Instances = [.. t.Value],
            }),
        ],
        Lives = [.. _lives],
    };

    public IEnumerable<JudgedInstance> All => Question.New.Concat(Question.Old);

    public static DateTimeOffset At(double second) => Began.AddSeconds(second);

    public static long Unix(long second) => Began.ToUnixTimeSeconds() + second;

    /// <param name="count">The counts of an instance in a second; null: it was asked nothing.</param>
    public TrafficScript Run(int from, int until, Func<JudgedInstance, int, InstanceTraffic?> count, string caller = "az1")
    {
        foreach (var instance in All)
        {
            for (var second = from; second < until; second++)
            {
                if (count(instance, second) is { } counted)
                {
                    Add(second, caller, counted);
                }
            }
        }

        return this;
    }

    /// <summary>So many requests a second to every instance, of which the new ones and the old ones fail as is said.</summary>
    public TrafficScript Run(int from, int until, long requests, Func<int, long> bad, Func<int, long> oldBad) =>
        Run(from, until, (i, s) => Of(i, s, requests) with { FirstFailures = IsNew(i, s) ? bad(s) : oldBad(s) });

    public TrafficScript Live(int from, int until, Func<JudgedInstance, int, LifeCount, LifeCount> change)
    {
        foreach (var instance in All)
        {
            for (var second = from; second < until; second++)
            {
                var (release, incarnation) = IsNew(instance, second) ? (New, Second) : (Old, First);
                _lives.Add(change(instance, second, new LifeCount
                {
                    Instance = instance.Instance,
                    Incarnation = incarnation,
                    Release = release,
                    Second = Unix(second),
                    Lived = 1,
                }));
            }
        }

        return this;
    }

    public void Add(int second, string caller, InstanceTraffic counted)
    {
        var key = (Unix(second), caller);
        if (!_traffic.TryGetValue(key, out var counts))
        {
            _traffic[key] = counts = [];
        }

        counts.Add(counted);
    }

    public bool IsNew(JudgedInstance instance, int second) => second >= 0 && Question.New.Contains(instance);

    /// <summary>Without anything bad, and not timed.</summary>
    public InstanceTraffic Of(JudgedInstance instance, int second, long requests) => new()
    {
        Instance = instance.Instance,
        Incarnation = IsNew(instance, second) ? Second : First,
        Release = IsNew(instance, second) ? New : Old,
        Requests = requests,
    };

    public Verdict Judge(double at) => VerdictJudge.Judge(Policy, Question, Counts, At(at) + Policy.Lag);
}
