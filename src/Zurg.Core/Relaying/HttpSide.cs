using System.Text;

namespace Zurg.Core;

/// <summary>What a piece of a message turned out to be.</summary>
internal enum HttpNews
{
    None,

    /// <summary>A request's head is complete; its body may follow.</summary>
    HeadEnds,

    /// <summary>A message is complete.</summary>
    Ends,

    /// <summary>It goes on until its connection ends.</summary>
    Last,
    Opaque,
}

/// <summary>One direction of an HTTP/1.1 connection: where its messages end (RFC 9112 sections 2, 6 and 7).</summary>
internal sealed class HttpSide(bool isAnswer)
{
    /// <summary>Of a line so much is looked at; what matters is shorter.</summary>
    private const int KeptMax = 256;

    private const int LineMax = 64 * 1024;

    private readonly byte[] _line = new byte[KeptMax];
    private Part _part;
    private int _kept;
    private int _length;
    private ulong _tail;
    private int _status;
    private long? _size;
    private bool _chunked;
    private long _left;

    private enum Part
    {
        Start,
        Head,
        Body,
        ChunkSize,
        Chunk,
        ChunkEnd,
        Trailer,
    }

    /// <summary>Nothing of a message is under way.</summary>
    public bool AtStart => _part == Part.Start && _length == 0;

    /// <summary>The request of the newest head is a HEAD.</summary>
    public bool IsHead { get; private set; }

    /// <summary>Goes on until something is known or the bytes are used up.</summary>
    /// <param name="bodiless">Of an answer: it is one to a HEAD.</param>
    public HttpNews Read(ref ReadOnlySpan<byte> bytes, bool bodiless)
    {
        while (!bytes.IsEmpty)
        {
            if (_part is Part.Body or Part.Chunk)
            {
                var some = (int)Math.Min(_left, bytes.Length);
                _left -= some;
                bytes = bytes[some..];
                if (_left > 0)
                {
                    return HttpNews.None;
                }

                if (_part == Part.Body)
                {
                    return End();
                }

                _part = Part.ChunkEnd;
                continue;
            }

            var end = bytes.IndexOf((byte)'\n');
            Keep(end < 0 ? bytes : bytes[..end]);
            bytes = end < 0 ? [] : bytes[(end + 1)..];
            if (_length > LineMax)
            {
                return HttpNews.Opaque;
            }

            if (end >= 0 && Line(bodiless) is var news and not HttpNews.None)
            {
                return news;
            }
        }

        return HttpNews.None;
    }

    private void Keep(ReadOnlySpan<byte> piece)
    {
        var some = Math.Min(piece.Length, KeptMax - _kept);
        piece[..some].CopyTo(_line.AsSpan(_kept));
        (_kept, _length) = (_kept + some, _length + piece.Length);
        foreach (var b in piece[Math.Max(0, piece.Length - 2 * sizeof(ulong))..])
        {
            _tail = b == (byte)'\r' ? _tail : (_tail << 8) | b;
        }
    }

    private HttpNews Line(bool bodiless)
    {
        var whole = _length <= KeptMax;
        var line = _line.AsSpan(0, _kept);
        line = whole && line is [.., (byte)'\r'] ? line[..^1] : line;
        var news = _part switch
        {
            // RFC 9112 section 2.2: an empty line before a request is left aside.
            Part.Start when line.IsEmpty && !isAnswer => HttpNews.None,
            Part.Start => isAnswer ? StatusLine(line) : RequestLine(line),
            Part.Head when line.IsEmpty => HeadEnds(bodiless),
            Part.Head => Field(line, whole),
            Part.ChunkSize => ChunkSize(line),
            Part.ChunkEnd when line.IsEmpty => Go(Part.ChunkSize),
            Part.Trailer => line.IsEmpty ? End() : HttpNews.None,
            _ => HttpNews.Opaque,
        };
        (_kept, _length) = (0, 0);
        return news;
    }

    private HttpNews RequestLine(ReadOnlySpan<byte> line)
    {
        var space = line.IndexOf((byte)' ');
        var method = space < 0 ? [] : line[..space];
        IsHead = method.SequenceEqual("HEAD"u8);
        // The end of a long target is not kept, but for its last eight bytes.
        return method.IsEmpty || method.ContainsAnyExceptInRange((byte)'A', (byte)'Z') || method.SequenceEqual("CONNECT"u8)
            || _tail != 0x485454502F312E31 /* HTTP/1.1 */
                ? HttpNews.Opaque
                : Go(Part.Head);
    }

    private HttpNews StatusLine(ReadOnlySpan<byte> line)
    {
        const int statusAt = 9;
        var known = line.StartsWith("HTTP/1.1 "u8) && line.Length >= statusAt + 3
            && int.TryParse(line.Slice(statusAt, 3), out _status) && _status is >= 100 and not 101;
        return known ? Go(Part.Head) : HttpNews.Opaque;
    }

    private HttpNews Field(ReadOnlySpan<byte> line, bool whole)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[0] is (byte)' ' or (byte)'\t')
        {
            return HttpNews.Opaque;
        }

        var name = line[..colon];
        var value = line[(colon + 1)..].Trim((byte)' ');
        if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
        {
            var known = whole && !value.IsEmpty && !value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
                && long.TryParse(value, out var size) && (_size ??= size) == size;
            return known ? HttpNews.None : HttpNews.Opaque;
        }

        if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
        {
            var known = whole && !_chunked && Ascii.EqualsIgnoreCase(value, "chunked"u8);
            _chunked = true;
            return known ? HttpNews.None : HttpNews.Opaque;
        }

        // Who says that the connection ends with this message is left to end it.
        return Ascii.EqualsIgnoreCase(name, "connection"u8) && Has(value, "close"u8) ? HttpNews.Last
            : IsLogin(name) && (Has(value, "ntlm"u8) || Has(value, "negotiate"u8)) ? HttpNews.Opaque
            : HttpNews.None;
    }

    /// <summary>NTLM logs a connection in, not a request (RFC 4559 section 6).</summary>
    private static bool IsLogin(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "authorization"u8) || Ascii.EqualsIgnoreCase(name, "www-authenticate"u8);

    private static bool Has(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        for (var at = 0; at + word.Length <= text.Length; at++)
        {
            if (Ascii.EqualsIgnoreCase(text.Slice(at, word.Length), word))
            {
                return true;
            }
        }

        return false;
    }

    private HttpNews HeadEnds(bool bodiless)
    {
        var (size, chunked) = (_size, _chunked);
        (_size, _chunked) = (null, false);
        if (chunked && size is not null)
        {
            return HttpNews.Opaque;
        }

        if (isAnswer && _status < 200)
        {
            // The real one is still to come.
            return Go(Part.Start);
        }

        if (isAnswer && (bodiless || _status is 204 or 304))
        {
            return End();
        }

        if (isAnswer && !chunked && size is null)
        {
            return HttpNews.Last;
        }

        _left = size ?? 0;
        _part = chunked ? Part.ChunkSize : _left > 0 ? Part.Body : Part.Start;
        return !isAnswer ? HttpNews.HeadEnds : _part == Part.Start ? HttpNews.Ends : HttpNews.None;
    }

    private HttpNews ChunkSize(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOfAny((byte)';', (byte)' ');
        var digits = end < 0 ? line : line[..end];
        if (digits.Length is 0 or > 15
            || !long.TryParse(digits, System.Globalization.NumberStyles.AllowHexSpecifier, null, out _left))
        {
            return HttpNews.Opaque;
        }

        return Go(_left == 0 ? Part.Trailer : Part.Chunk);
    }

    private HttpNews End()
    {
        _part = Part.Start;
        return HttpNews.Ends;
    }

    private HttpNews Go(Part part)
    {
        _part = part;
        return HttpNews.None;
    }
}
