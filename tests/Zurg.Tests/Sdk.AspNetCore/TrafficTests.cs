using Zurg.Protocol.Self;
using Zurg.Sdk.AspNetCore;
using Zurg.Tests.Support;

namespace Zurg.Tests.Sdk.AspNetCore;

public sealed class TrafficTests
{
    private static readonly TimeSpan AlmostSettled = Traffic.Settled - TimeSpan.FromMilliseconds(1);

    private readonly ManualTime _time = new();
    private readonly Traffic _traffic;

    public TrafficTests() => _traffic = new Traffic(_time);

    private string Word =>
        _traffic.Word() is { Epoch: not 0 } word ? $"{word.Count} {word.State} {word.Epoch}"
        : _traffic.Word() is var none ? $"{none.Count} {none.State}"
        : "";

    [Fact]
    public void What_begins_is_counted_until_it_ends()
    {
        Assert.Equal("0 running", Word);
        Assert.True(_traffic.TryBegin());
        Assert.True(_traffic.TryBegin());
        Assert.Equal("2 running", Word);
        _traffic.End();
        Assert.Equal(1, _traffic.UnderWay);
    }

    [Fact]
    public void A_draining_instance_without_requests_is_done_at_once()
    {
        _traffic.Enter(SelfState.Draining, "web.0");
        Assert.Equal("0 draining", Word);
    }

    [Fact]
    public void Nothing_is_under_way_only_once_the_next_request_of_a_busy_client_would_have_come()
    {
        _traffic.Enter(SelfState.Draining, "web.0");
        for (var i = 0; i < 3; i++)
        {
            Assert.True(_traffic.TryBegin());
            _traffic.End();
            Assert.Equal("1 draining", Word);
            _time.Advance(AlmostSettled);
            Assert.Equal("1 draining", Word);
        }

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("0 draining", Word);
    }

    [Fact]
    public void Whoever_never_goes_away_is_not_waited_for_for_ever()
    {
        _traffic.Enter(SelfState.Draining, "web.0");
        _time.Advance(Traffic.SettledWithin - TimeSpan.FromMilliseconds(1));
        Assert.True(_traffic.TryBegin());
        _traffic.End();
        _traffic.Enter(SelfState.Draining, "web.0");
        Assert.Equal("1 draining", Word);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("0 draining", Word);
    }

    [Fact]
    public void Refusing_is_said_once_nothing_that_was_accepted_before_is_under_way()
    {
        Assert.True(_traffic.TryBegin());
        _traffic.Enter(SelfState.Refusing, "web.0");
        _traffic.Enter(SelfState.Refusing, "web.0");
        Assert.Equal("1 running", Word);
        Assert.False(_traffic.TryBegin());
        Assert.Equal("1 running", Word);
        _traffic.End();
        Assert.Equal("0 refusing", Word);

        _traffic.Enter(SelfState.Draining, "web.0");
        Assert.True(_traffic.TryBegin());
        _traffic.Enter(SelfState.Refusing, "web.0");
        Assert.Equal("1 draining", Word);
    }

    [Fact]
    public void An_epoch_is_handed_back_once_everything_goes_by_it()
    {
        Assert.True(_traffic.TryBegin());
        _traffic.Enter(SelfState.Refusing, "web.0", 5);
        Assert.Equal("1 running", Word);
        _traffic.Enter(SelfState.Refusing, "web.0", 7);
        Assert.Equal("1 running", Word);
        _traffic.End();
        Assert.Equal("0 refusing 7", Word);

        _traffic.Enter(SelfState.Running, "web.0", 8);
        Assert.True(_traffic.TryBegin());
        Assert.Equal("1 running 8", Word);
        _traffic.Enter(SelfState.Refusing, "web.0", 9);
        Assert.Equal("1 running 8", Word);
    }

    [Fact]
    public async Task A_request_that_is_just_being_refused_takes_back_no_word()
    {
        _traffic.Enter(SelfState.Refusing, "web.0", 5);
        Assert.Equal("0 refusing 5", Word);
        using var enough = new CancellationTokenSource();
        var asking = Task.Run(() =>
        {
            var accepted = false;
            while (!enough.IsCancellationRequested)
            {
                accepted |= _traffic.TryBegin();
            }

            return accepted;
        });
        var (first, others) = (_traffic.Word(), 0);
        for (var i = 0; i < 1_000_000; i++)
        {
            others += _traffic.Word() == first ? 0 : 1;
        }

        await enough.CancelAsync();
        Assert.False(await asking);
        Assert.Equal((new LocalInFlight(0, LocalSelf.Refusing, 5), 0), (first, others));
        _traffic.Enter(SelfState.Refusing, "web.0", 7);
        Assert.Equal("0 refusing 7", Word);
        _traffic.Enter(SelfState.Running, "web.0", 8);
        Assert.True(_traffic.TryBegin());
        _traffic.Enter(SelfState.Refusing, "web.0", 9);
        Assert.Equal("1 running 8", Word);
    }

    [Theory]
    [InlineData("refusing", false)]
    [InlineData("running", true)]
    [InlineData(null, true)]
    public void A_process_may_begin_refusing_and_accepts_once_the_agent_says_so(string? state, bool accepts)
    {
        var traffic = Traffic.Begin(_time, name => name == "ZURG_STATE" ? state : name == "ZURG_INSTANCE" ? "web.0" : null);
        Assert.Equal(accepts, traffic.TryBegin());
        Assert.Equal(accepts ? "" : "web.0", traffic.Instance);
        traffic.Enter(SelfState.Running, "web.0", 6);
        Assert.True(traffic.TryBegin());
    }

    [Fact]
    public void There_is_news_when_the_last_one_ends_and_not_while_nobody_waits_for_it()
    {
        Assert.True(_traffic.TryBegin());
        _traffic.End();
        Assert.False(_traffic.News.TryRead(out _));

        Assert.True(_traffic.TryBegin());
        _traffic.Enter(SelfState.Draining, "web.0");
        Assert.True(_traffic.News.TryRead(out _));
        _traffic.End();
        Assert.True(_traffic.News.TryRead(out _));
    }

    [Fact]
    public async Task No_request_slips_between_a_refusal_and_the_word_that_all_are_refused()
    {
        for (var round = 0; round < 200; round++)
        {
            var traffic = new Traffic(TimeProvider.System);
            var accepted = 0;
            using var go = new Barrier(2);
            var requests = Task.Run(() =>
            {
                go.SignalAndWait();
                while (traffic.TryBegin())
                {
                    Volatile.Write(ref accepted, 1);
                    Volatile.Write(ref accepted, 0);
                    traffic.End();
                }
            });
            go.SignalAndWait();
            traffic.Enter(SelfState.Refusing, "web.0");
            while (traffic.Word() is not { State: LocalSelf.Refusing })
            {
                Thread.SpinWait(1);
            }

            Assert.Equal(0, Volatile.Read(ref accepted));
            await requests;
        }
    }
}
