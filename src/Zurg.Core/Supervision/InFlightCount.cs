namespace Zurg.Core;

/// <summary>How much an instance that is being stopped still has under way, as far as is known.</summary>
public sealed record InFlightCount(int Count, InFlightBy By)
{
    public bool IsNothing => Count == 0 && By != InFlightBy.Unanswered;

    /// <summary>A subject with its verb, for holds and exits.</summary>
    internal string Words => By switch
    {
        InFlightBy.Counted => Count == 1 ? "1 request is under way" : $"{Count} requests are under way",
        InFlightBy.Sockets => Count == 1
            ? "1 connection to it has a request under way"
            : $"{Count} connections to it have a request under way",
        InFlightBy.Connections => Count == 1
            ? "1 connection to it is open (this kernel does not tell whether it is idle)"
            : $"{Count} connections to it are open (this kernel does not tell which are idle)",
        InFlightBy.Unanswered => "it has not said yet how many requests are under way since it was told to stop",
    };
}

/// <summary>Where a count comes from.</summary>
public enum InFlightBy
{
    /// <summary>Its processes say so themselves.</summary>
    Counted,

    /// <summary>Connections on which something is owed, by the kernel's times of what came and went on them.</summary>
    Sockets,

    /// <summary>All of them: the kernel tells no times.</summary>
    Connections,

    /// <summary>Its processes count, and have said nothing since they heard of the stop.</summary>
    Unanswered,
}

/// <summary>One connection to a port of an instance, seen from the instance's side (sock_diag(7), tcp_info of tcp(7)).</summary>
/// <param name="Unread">Bytes that came and were not read yet.</param>
/// <param name="Unsent">Bytes that were written and not acknowledged yet.</param>
/// <param name="HasReceived">Anything ever came on it.</param>
/// <param name="HasSent">Anything was ever answered on it: before, the kernel's time of sending is that of its beginning.</param>
/// <param name="SinceReceived">In the kernel's ticks of 1 to 10 ms.</param>
/// <param name="SinceSent">The same clock.</param>
public readonly record struct SocketLook(
    long Unread, long Unsent, bool HasReceived, bool HasSent, TimeSpan SinceReceived, TimeSpan SinceSent)
{
    /// <summary>
    /// Whether an answer is owed on it, for protocols that ask and answer in turn, as HTTP/1.1 does. What came last is the
    /// question or the answer; within one tick nobody knows which, so a little later the benefit of the doubt is over.
    /// </summary>
    public bool IsBusy =>
        Unread > 0 || Unsent > 0
        || Newer < QuietFor
        || (HasReceived && (!HasSent || SinceReceived < SinceSent || (SinceReceived == SinceSent && SinceSent < DoubtFor)));

    /// <summary>An answer in several pieces, and a question whose first bytes are about to come, have pauses.</summary>
    public static readonly TimeSpan QuietFor = TimeSpan.FromMilliseconds(50);

    /// <summary>A question that came in the tick of the answer before it is given so long to be answered.</summary>
    public static readonly TimeSpan DoubtFor = TimeSpan.FromSeconds(1);

    private TimeSpan Newer => SinceReceived < SinceSent ? SinceReceived : SinceSent;
}
