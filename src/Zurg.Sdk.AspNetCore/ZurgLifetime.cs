namespace Zurg.Sdk.AspNetCore;

/// <summary>
/// For work of the application's own that lasts: a WebSocket, a stream, a worker that takes jobs. Requests need none of it, they
/// are counted and answered by themselves.
/// </summary>
public sealed class ZurgLifetime : IDisposable
{
    private readonly CancellationTokenSource _draining = new();

    /// <summary>
    /// Cancelled when this instance begins to be stopped: each consumer has let go of it by then. Say goodbye on long connections
    /// and take no more jobs; the process gets its stop signal once no request is under way, or after stop.drain of its service.
    /// Never cancelled where no agent started the process.
    /// </summary>
    public CancellationToken Draining => _draining.Token;

    public void Dispose() => _draining.Dispose();

    internal Task DrainAsync() => _draining.CancelAsync();
}
