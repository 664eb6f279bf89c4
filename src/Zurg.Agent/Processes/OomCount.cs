using System.Buffers.Text;

namespace Zurg.Agent.Processes;

/// <summary>
/// How often the kernel's OOM killer struck on this machine (proc_vmstat(5), oom_kill): a SIGKILL that nobody here sent, in a
/// moment in which that number rose, was most likely one of those.
/// </summary>
/// <param name="path">/proc/vmstat.</param>
internal sealed class OomCount(string path)
{
    private const int TextMax = 64 * 1024;

    private long _last = Read(path);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    public async Task RunAsync(TimeProvider time, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            Look();
        }
    }

    /// <summary>What struck before this says nothing about later ends. To be called every few seconds.</summary>
    public void Look() => Volatile.Write(ref _last, Read(path));

    public bool HasRisen => Read(path) > Volatile.Read(ref _last);

    /// <summary>0 when the kernel does not count them.</summary>
    private static long Read(string path)
    {
        var buffer = new byte[TextMax];
        var text = buffer.AsSpan(0, Math.Max(ProcessStat.ReadFile(path, buffer), 0));
        var at = text.IndexOf("\noom_kill "u8);
        return at >= 0 && Utf8Parser.TryParse(text[(at + "\noom_kill ".Length)..], out long count, out _) ? count : 0;
    }
}
