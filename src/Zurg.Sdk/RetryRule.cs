using System.Net.Sockets;

namespace Zurg.Sdk;

/// <summary>
/// When a request may go to another endpoint: only where no server can have acted on it, or acting twice does no harm.
/// </summary>
internal static class RetryRule
{
    /// <summary>
    /// No connection came about, so no byte of the request has left: any method and any content may be sent elsewhere.
    /// </summary>
    public static bool NothingWasSent(HttpRequestException e) =>
        Causes(e).Any(c => c is NotConnectedException) || e.HttpRequestError == HttpRequestError.SecureConnectionError;

    /// <summary>The connection broke before an answer came: the server may have acted on the request.</summary>
    public static bool ConnectionBroke(HttpRequestException e) =>
        e.HttpRequestError != HttpRequestError.InvalidResponse && e.InnerException is IOException or SocketException;

    /// <summary>Acting twice on it does no harm (RFC 9110 section 9.2.2), and its content can be sent a second time.</summary>
    public static bool MayRepeat(HttpRequestMessage request) => IsIdempotent(request.Method) && IsReplayable(request.Content);

    public static bool IsIdempotent(HttpMethod method) =>
        method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options
        || method == HttpMethod.Put || method == HttpMethod.Delete || method == HttpMethod.Trace;

    /// <summary>
    /// Contents that are bytes in memory. A stream has been read by now; what others do when asked twice is not known.
    /// </summary>
    public static bool IsReplayable(HttpContent? content) => content is null or ByteArrayContent or ReadOnlyMemoryContent;

    private static IEnumerable<Exception> Causes(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}

/// <summary>Thrown only before a connection exists: the proof that nothing was sent.</summary>
internal sealed class NotConnectedException(string message, Exception? cause) : IOException(message, cause);
