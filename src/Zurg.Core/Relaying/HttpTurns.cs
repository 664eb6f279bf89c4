namespace Zurg.Core;

/// <summary>
/// Reads along on a connection that is carried for a program: when it is HTTP/1.1 (RFC 9112), it knows when every request was
/// answered in full. Between two turns the next request may go to another instance, and neither end notices.
/// </summary>
/// <remarks>
/// Changes no byte. Whatever it does not know for sure (another protocol, an upgrade, an answer that ends with its connection, a
/// login that belongs to the connection) makes it opaque for good: then nothing is known of turns any more. Not thread-safe.
/// </remarks>
public sealed class HttpTurns
{
    /// <summary>Requests sent ahead of their answers; more make it opaque.</summary>
    public const int OutstandingMax = 32;

    private readonly HttpSide _requests = new(isAnswer: false);
    private readonly HttpSide _answers = new(isAnswer: true);

    // Bit 0 is the oldest request without an answer; set: a HEAD, whose answer has no body.
    private ulong _heads;
    private int _outstanding;

    /// <summary>Requests answered in full.</summary>
    public long Answered { get; private set; }

    /// <summary>The bytes say nothing about turns.</summary>
    public bool IsOpaque { get; private set; }

    /// <summary>What is said now goes on until the connection ends, which the ends see to themselves.</summary>
    public bool IsLast { get; private set; }

    /// <summary>At least one request was answered, none is under way.</summary>
    public bool IsBetween => !IsOpaque && Answered > 0 && _outstanding == 0 && _requests.AtStart && _answers.AtStart;

    public void FromClient(ReadOnlySpan<byte> bytes)
    {
        while (!IsOpaque && !bytes.IsEmpty)
        {
            var what = _requests.Read(ref bytes, bodiless: false);
            IsLast |= what == HttpNews.Last;
            if (what is HttpNews.Opaque or HttpNews.Last || (what == HttpNews.HeadEnds && _outstanding == OutstandingMax))
            {
                IsOpaque = true;
            }
            else if (what == HttpNews.HeadEnds)
            {
                _heads |= _requests.IsHead ? 1UL << _outstanding : 0;
                _outstanding++;
            }
        }
    }

    public void FromServer(ReadOnlySpan<byte> bytes)
    {
        while (!IsOpaque && !bytes.IsEmpty)
        {
            // It speaks before it was asked.
            IsOpaque = _outstanding == 0;
            switch (IsOpaque ? HttpNews.Opaque : _answers.Read(ref bytes, bodiless: (_heads & 1) != 0))
            {
                case HttpNews.Opaque:
                    IsOpaque = true;
                    break;
                case HttpNews.Last:
                    (IsOpaque, IsLast) = (true, true);
                    break;
                case HttpNews.Ends:
                    _heads >>= 1;
                    _outstanding--;
                    Answered++;
                    break;
                case HttpNews.None or HttpNews.HeadEnds:
                    break;
            }
        }
    }
}
