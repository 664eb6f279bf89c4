namespace Zurg.Agent.Relay;

/// <summary>What a listener has seen since it was made.</summary>
internal sealed class RelayCounts
{
    private long _accepted;
    private long _failed;
    private long _refused;
    private long _moved;
    private long _closed;

    public long AcceptedTotal => Volatile.Read(ref _accepted);

    /// <summary>Endpoints that did not take a connection; another one was tried.</summary>
    public long FailedTotal => Volatile.Read(ref _failed);

    /// <summary>Connections of programs that were reset because no endpoint took them in time.</summary>
    public long RefusedTotal => Volatile.Read(ref _refused);

    /// <summary>Connections that stayed open while their instance was changed for another.</summary>
    public long MovedTotal => Volatile.Read(ref _moved);

    /// <summary>Idle connections of unknown protocols that were closed because their endpoint was withdrawn.</summary>
    public long ClosedTotal => Volatile.Read(ref _closed);

    public void Accepted() => Interlocked.Increment(ref _accepted);

    public void Failed() => Interlocked.Increment(ref _failed);

    public void Refused() => Interlocked.Increment(ref _refused);

    public void Moved() => Interlocked.Increment(ref _moved);

    public void Closed() => Interlocked.Increment(ref _closed);
}
