using Zurg.Agent.Processes;

namespace Zurg.Agent.Hands;

/// <summary>
/// Looks now and then at what each main process has used: often while it is young, since most that die soon die young, and every
/// <see cref="Period"/> later. A look is two small reads of /proc, 25 microseconds of a core as measured (docs/benchmarks.md).
/// </summary>
/// <param name="works">What is under way now.</param>
internal sealed class UsageWatch(Func<IEnumerable<IncarnationWork>> works, TimeProvider time)
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private const int LooksPerPeriod = 10;

    private int _look;

    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Period / LooksPerPeriod, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            Look();
        }
    }

    public void Look()
    {
        var all = ++_look % LooksPerPeriod == 0;
        foreach (var work in works())
        {
            // Once in each period for all; each second for those seen for the first time, or young.
            if (work is { Process: { } process, HasEnded: false } && (all || work.Looks < LooksPerPeriod))
            {
                work.Looks++;
                work.Usage = ProcessUsage.Read(process) ?? work.Usage;
            }
        }
    }
}
