namespace Zurg.Loops;

/// <summary>
/// The time of day at its making, and on from there by the monotonic clock: when somebody sets the machine's clock, no wait ends
/// early with it and none becomes longer. Who plans compares times only with those that it wrote itself.
/// </summary>
internal sealed class SteadyClock(TimeProvider time)
{
    private readonly DateTimeOffset _began = time.GetUtcNow();
    private readonly long _at = time.GetTimestamp();

    public DateTimeOffset Now => _began + time.GetElapsedTime(_at);
}
