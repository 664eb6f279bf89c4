using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Measuring;

/// <summary>
/// Reads the host each minute, and within seconds when free disk or memory has moved: a disk that fills up is known before it is
/// full. What it reads goes to the master and to the agent's own metrics.
/// </summary>
internal sealed partial class MeasureLoop(
    HostMeter meter, Action<HostMeasures> say, TimeProvider time, ILogger<MeasureLoop> logger) : IAgentObserver
{
    public static readonly TimeSpan ReadEvery = TimeSpan.FromMinutes(1);

    /// <summary>How often free disk and memory are looked at: one system call and one small file.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    /// <summary>A share of the whole by which free disk or memory must have moved to be told before the minute is over.</summary>
    public const double MovedMin = 0.01;

    private AgentState? _state;
    private HostMeasures? _latest;

    /// <summary>Null before the first reading.</summary>
    public HostMeasures? Latest => Volatile.Read(ref _latest);

    public void Observe(AgentState state) => Volatile.Write(ref _state, state);

    public async Task RunAsync(CancellationToken stop)
    {
        var problem = "";
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (IsDue())
                {
                    Read();
                }

                problem = "";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                if (problem != e.Message)
                {
                    Log.NotRead(logger, e);   // the same trouble each five seconds is told once
                    problem = e.Message;
                }
            }

            await Task.Delay(LookEvery, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool IsDue() => Latest is not { } last
        || (time.GetUtcNow() - last.At).Duration() >= ReadEvery
        || HasMoved(last, HostMeter.ReadMemory(), [.. meter.ReadFileSystems()]);

    internal static bool HasMoved(HostMeasures last, MemoryMeasure memory, IReadOnlyCollection<FileSystemMeasure> disks) =>
        Moved(last.Memory.Available, memory.Available, memory.Total)
        || disks.Count != last.FileSystems.Length
        || disks.Zip(last.FileSystems).Any(d => d.First.Mount != d.Second.Mount
            || Moved(d.Second.Free, d.First.Free, d.First.Size)
            || Moved(d.Second.FilesFree, d.First.FilesFree, d.First.Files));

    private static bool Moved(long before, long now, long whole) => whole > 0 && Math.Abs(now - before) >= whole * MovedMin;

    private void Read()
    {
        var measures = meter.Read(Volatile.Read(ref _state) ?? Nothing);
        Volatile.Write(ref _latest, measures);
        say(measures);
    }

    private static readonly AgentState Nothing = new() { Host = new HostId("host") };

    private static partial class Log
    {
        [LoggerMessage(3801, LogLevel.Warning, "The host's numbers cannot be read; trying again")]
        public static partial void NotRead(ILogger logger, Exception e);
    }
}
