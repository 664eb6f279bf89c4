using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Zurg.Sdk.AspNetCore;

/// <summary>
/// The connections that carried a request and are open. One that was told to close ends when nothing is under way on it; what has
/// begun to arrive on it is still answered.
/// </summary>
internal sealed class KeptConnections(TimeProvider time)
{
    private readonly ConcurrentDictionary<IConnectionLifetimeNotificationFeature, Kept> _open = new();

    public int Count => _open.Count;

    /// <summary>Null on a server that does not say when a connection ends.</summary>
    public Kept? Of(HttpContext http)
    {
        var end = http.Features.Get<IConnectionLifetimeNotificationFeature>();
        if (end is not null && _open.TryGetValue(end, out var known))
        {
            return known;
        }

        if (end is null || http.Features.Get<IConnectionLifetimeFeature>() is not { } life)
        {
            return null;
        }

        var protocol = http.Request.Protocol;
        var oneByOne = HttpProtocol.IsHttp11(protocol) || HttpProtocol.IsHttp10(protocol);
        var kept = _open.GetOrAdd(end, new Kept(end, oneByOne, time));
        life.ConnectionClosed.Register(() => _open.TryRemove(end, out _));
        return kept;
    }

    /// <summary>
    /// Tells those to close on which no request can be about to arrive. HTTP/2 says with it which requests it has not seen, so it
    /// is safe at any time; on HTTP/1.1 a request could cross it, so those in use are told with their next answer.
    /// </summary>
    public void CloseIdle()
    {
        foreach (var kept in _open.Values.Where(k => k.MayClose(Traffic.Settled)))
        {
            kept.Close();
        }
    }

    /// <param name="oneByOne">One request at a time: HTTP/1.1 and 1.0.</param>
    internal sealed class Kept(IConnectionLifetimeNotificationFeature end, bool oneByOne, TimeProvider time)
    {
        private int _underWay;
        private long _idleSince = time.GetTimestamp();
        private int _closed;

        public bool MayClose(TimeSpan idleFor) =>
            !oneByOne
            || (Volatile.Read(ref _underWay) == 0 && time.GetElapsedTime(Volatile.Read(ref _idleSince)) >= idleFor);

        public void Begin() => Interlocked.Increment(ref _underWay);

        public void End()
        {
            Volatile.Write(ref _idleSince, time.GetTimestamp());
            Interlocked.Decrement(ref _underWay);
        }

        public void Close()
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0)
            {
                end.RequestClose();
            }
        }
    }
}
