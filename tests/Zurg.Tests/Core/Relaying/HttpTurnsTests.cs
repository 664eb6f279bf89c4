using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;

namespace Zurg.Tests.Core.Relaying;

public sealed class HttpTurnsTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

    /// <summary>What client (c) and server (s) say in turn, and what is known then: between, under way, opaque or last.</summary>
    public static TheoryData<string, string[]> Talks() => new()
    {
        { "under way", [] },
        { "under way", [$"c{Get}"] },
        { "between", [$"c{Get}", $"s{Ok}"] },
        { "between", ["cGET /" + new string('a', 5000) + " HTTP/1.1\r\n\r\n", $"s{Ok}"] },
        { "under way", [$"c{Get}", $"s{Ok}", "cG"] },
        { "between", [$"c{Get}", $"s{Ok}", "c\r\n"] },
        { "under way", [$"c{Get}", $"s{Ok[..^1]}"] },
        { "under way", [$"c{Get}{Get}", $"s{Ok}"] },
        { "between", [$"c{Get}{Get}", $"s{Ok}{Ok}"] },
        { "between", ["cHEAD / HTTP/1.1\r\n\r\n" + Get, "sHTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + Ok] },
        { "between", [$"c{Get}", "sHTTP/1.1 204 No Content\r\n\r\n"] },
        { "between", [$"c{Get}", "sHTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"] },
        { "between", ["cPOST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n", "sHTTP/1.1 100 Continue\r\n\r\n", "cabc", $"s{Ok}"] },
        { "under way", ["cPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", $"s{Ok}"] },
        { "between", ["cPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", $"s{Ok}", "cc"] },
        { "under way", [$"c{Get}", "sHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"] },
        { "under way", [$"c{Get}", "sHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n"] },
        { "between",
            [$"c{Get}", "sHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1A\r\n" + new string('x', 26) + "\r\n0\r\n\r\n"] },
        { "between", [$"c{Get}", "sHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n"] },
        { "between", ["cPUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", $"s{Ok}"] },
        // It goes on until the connection ends.
        { "last", [$"c{Get}", "sHTTP/1.1 200 OK\r\n\r\nabc"] },
        { "last", [$"c{Get}", "sHTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n"] },
        { "last", ["cGET / HTTP/1.1\r\nConnection: close\r\n\r\n"] },
        // Nobody may tell where one message ends and the next begins.
        { "opaque", ["c\x16\x03\x01\x00\n"] },
        { "opaque", ["cPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] },
        { "opaque", ["cget / HTTP/1.1\r\n"] },
        { "opaque", ["cGET / HTTP/1.0\r\n"] },
        { "opaque", ["cCONNECT a:1 HTTP/1.1\r\n"] },
        { "opaque", ["c" + new string('a', 70_000)] },
        { "opaque", ["s5.5.5-10.11.6-MariaDB"] },
        { "opaque", [$"c{Get}", $"s{Ok}", "sHTTP/1.1 408 Request Timeout\r\n"] },
        { "opaque", [$"c{Get}", "sHTTP/1.1 101 Switching Protocols\r\n"] },
        { "opaque", [$"c{Get}", "sHTTP/1.0 200 OK\r\n"] },
        { "opaque", [$"c{Get}", "sHTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n"] },
        { "opaque", [$"c{Get}", "sHTTP/1.1 200 OK\r\nContent-Length: -2\r\n"] },
        { "opaque", [$"c{Get}", "sHTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n"] },
        { "opaque", [$"c{Get}", "sHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"] },
        { "opaque", ["cPOST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"] },
        { "opaque", ["cGET / HTTP/1.1\r\nA: b\r\n folded: c\r\n"] },
        { "opaque", [$"c{Get}", "sHTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\n"] },
        { "opaque", ["cGET / HTTP/1.1\r\nAuthorization: negotiate abc\r\n"] },
    };

    [Theory]
    [MemberData(nameof(Talks))]
    public void What_is_under_way_is_known_after_each_piece(string expected, string[] talk) =>
        Assert.Equal(expected, Hear(talk, int.MaxValue));

    /// <summary>How the bytes come in pieces makes no difference.</summary>
    [Fact]
    public void Pieces_of_any_size_come_to_the_same() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<PositiveInt>(),
        size => Talks().All(t => Hear((string[])t[1], 1 + (size.Get % 40)) == (string)t[0])));

    [Fact]
    public void Too_many_requests_ahead_of_their_answers_are_not_followed()
    {
        var ahead = Enumerable.Repeat(Get, HttpTurns.OutstandingMax);
        Assert.Equal("under way", Hear(["c" + string.Concat(ahead)], int.MaxValue));
        Assert.Equal("opaque", Hear(["c" + string.Concat(ahead.Append(Get))], int.MaxValue));
    }

    [Fact]
    public void Following_costs_no_memory()
    {
        var turns = new HttpTurns();
        var (request, answer) = (Encoding.ASCII.GetBytes(Get), Encoding.ASCII.GetBytes(Ok));
        turns.FromClient(request);
        turns.FromServer(answer);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            turns.FromClient(request);
            turns.FromServer(answer);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(1001, turns.Answered);
    }

    private static string Hear(string[] talk, int pieceMax)
    {
        var turns = new HttpTurns();
        foreach (var said in talk)
        {
            foreach (var piece in Encoding.Latin1.GetBytes(said[1..]).Chunk(Math.Min(pieceMax, 1 << 20)))
            {
                if (said[0] == 'c')
                {
                    turns.FromClient(piece);
                }
                else
                {
                    turns.FromServer(piece);
                }
            }
        }

        return turns.IsLast ? "last" : turns.IsOpaque ? "opaque" : turns.IsBetween ? "between" : "under way";
    }
}
