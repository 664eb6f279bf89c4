namespace Zurg.Core;

/// <summary>How soon to look at a log again.</summary>
public static class LogPace
{
    /// <summary>Of a quiet log; the times of lines are no finer. For 200 logs, 1,000 fstat(2) a second.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    public static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(10);

    /// <summary>Soon enough that at the speed just seen a quarter of a segment comes.</summary>
    /// <param name="grown">Bytes since the last look.</param>
    public static TimeSpan Next(long grown, TimeSpan since, LogBound bound)
    {
        if (grown <= 0 || since <= TimeSpan.Zero)
        {
            return Quiet;
        }

        var ticks = since.Ticks * ((double)bound.SegmentBytes / 4 / grown);
        return ticks >= Quiet.Ticks ? Quiet : ticks <= Busy.Ticks ? Busy : TimeSpan.FromTicks((long)ticks);
    }
}
