using Zurg.Core;

namespace Zurg.Tests.Core.Relaying;

public sealed class HttpSideTests
{
    [Fact]
    public void A_request_s_head_and_its_end_are_told_apart()
    {
        var side = new HttpSide(isAnswer: false);
        ReadOnlySpan<byte> bytes = "HEAD /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET"u8;
        Assert.Equal((HttpNews.HeadEnds, true), (side.Read(ref bytes, bodiless: false), side.IsHead));
        Assert.Equal(5, bytes.Length);
        Assert.Equal((HttpNews.Ends, true), (side.Read(ref bytes, bodiless: false), side.AtStart));
        Assert.Equal((HttpNews.None, false), (side.Read(ref bytes, bodiless: false), side.AtStart));
    }

    [Fact]
    public void An_answer_to_a_HEAD_has_no_body_whatever_its_head_says()
    {
        var side = new HttpSide(isAnswer: true);
        ReadOnlySpan<byte> bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"u8;
        Assert.Equal((HttpNews.Ends, true), (side.Read(ref bytes, bodiless: true), side.AtStart));
    }
}
