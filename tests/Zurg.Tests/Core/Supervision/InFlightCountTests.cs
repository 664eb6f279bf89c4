using Zurg.Core;

namespace Zurg.Tests.Core.Supervision;

public sealed class InFlightCountTests
{
    [Theory]
    // Nothing ever came: a connection that a client keeps ready.
    [InlineData(0, 0, false, 5_000, 5_000, false)]
    // The answer went out last.
    [InlineData(0, 0, true, 5_000, 4_000, false)]
    [InlineData(0, 0, true, 5_000, 4_999, false)]
    // The question came last, however long ago.
    [InlineData(0, 0, true, 4_000, 5_000, true)]
    [InlineData(0, 0, true, 3_600_000, 3_600_001, true)]
    // Within one tick of the clock: for a second it may be either.
    [InlineData(0, 0, true, 400, 400, true)]
    [InlineData(0, 0, true, 1_000, 1_000, false)]
    // Not read by the instance, or by its client.
    [InlineData(1, 0, true, 5_000, 4_000, true)]
    [InlineData(0, 1, true, 5_000, 4_000, true)]
    // A moment ago there was something on it.
    [InlineData(0, 0, true, 60, 40, true)]
    [InlineData(0, 0, false, 40, 40, true)]
    [InlineData(0, 0, true, 60, 50, false)]
    public void A_connection_is_busy_while_an_answer_is_owed_on_it(
        long unread, long unsent, bool hasReceived, int sinceReceived, int sinceSent, bool busy) =>
        Assert.Equal(busy, new SocketLook(
            unread, unsent, hasReceived, HasSent: true, TimeSpan.FromMilliseconds(sinceReceived),
            TimeSpan.FromMilliseconds(sinceSent)).IsBusy);

    [Theory]
    [InlineData(true, 5_000, 5_000, true)]
    [InlineData(true, 5_000, 4_000, true)]
    [InlineData(false, 5_000, 5_000, false)]
    public void The_first_question_of_a_connection_is_owed_an_answer_whatever_the_clock_says(
        bool hasReceived, int sinceReceived, int sinceSent, bool busy) =>
        Assert.Equal(busy, new SocketLook(
            0, 0, hasReceived, HasSent: false, TimeSpan.FromMilliseconds(sinceReceived),
            TimeSpan.FromMilliseconds(sinceSent)).IsBusy);

    [Theory]
    [InlineData(0, InFlightBy.Counted, true)]
    [InlineData(0, InFlightBy.Sockets, true)]
    [InlineData(0, InFlightBy.Connections, true)]
    [InlineData(0, InFlightBy.Unanswered, false)]
    [InlineData(1, InFlightBy.Counted, false)]
    [InlineData(1, InFlightBy.Sockets, false)]
    public void A_count_from_before_the_stop_is_never_nothing(int count, InFlightBy by, bool nothing) =>
        Assert.Equal(nothing, new InFlightCount(count, by).IsNothing);

    [Fact]
    public void People_are_told_what_is_under_way_and_who_says_so()
    {
        Assert.Equal("1 request is under way", new InFlightCount(1, InFlightBy.Counted).Words);
        Assert.Equal("2 requests are under way", new InFlightCount(2, InFlightBy.Counted).Words);
        Assert.Equal("2 connections to it have a request under way", new InFlightCount(2, InFlightBy.Sockets).Words);
        Assert.EndsWith(
            "(this kernel does not tell which are idle)", new InFlightCount(2, InFlightBy.Connections).Words,
            StringComparison.Ordinal);
        Assert.Contains("it has not said", new InFlightCount(2, InFlightBy.Unanswered).Words, StringComparison.Ordinal);
    }
}
