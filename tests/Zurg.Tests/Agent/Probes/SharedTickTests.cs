using Zurg.Agent.Probes;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Probes;

public sealed class SharedTickTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(1, 50)]
    [InlineData(50, 50)]
    [InlineData(51, 100)]
    [InlineData(1000, 1000)]
    public async Task A_wait_ends_with_the_first_tick_that_is_no_sooner_than_asked(int pause, int end)
    {
        using var tick = new SharedTick(_time);
        var wait = tick.WaitAsync(TimeSpan.FromMilliseconds(pause), CancellationToken.None);
        _time.Advance(TimeSpan.FromMilliseconds(end) - Moment);
        Assert.False(wait.IsCompleted);
        _time.Advance(Moment);
        await wait;
    }

    [Fact]
    public async Task Waits_that_end_together_take_one_timer()
    {
        using var tick = new SharedTick(_time);
        var waits = Enumerable.Range(0, 40)
            .Select(i => tick.WaitAsync(TimeSpan.FromMilliseconds(951 + i), CancellationToken.None)).ToList();
        Assert.Equal(1, _time.Armed);
        _time.Advance(SharedTick.Grain * 20);
        await Task.WhenAll(waits);
        Assert.Equal(0, _time.Armed);
    }

    [Fact]
    public async Task A_shorter_wait_begun_later_ends_first_and_the_longer_one_still_ends()
    {
        using var tick = new SharedTick(_time);
        var longer = tick.WaitAsync(TimeSpan.FromSeconds(2), CancellationToken.None);
        var shorter = tick.WaitAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        await shorter;
        Assert.False(longer.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await longer;
    }

    [Fact]
    public async Task What_follows_may_wait_again_and_ends_with_a_later_tick()
    {
        using var tick = new SharedTick(_time);
        var ended = 0;
        var loop = LoopAsync();
        for (var turn = 1; turn <= 3; turn++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(turn, ended);
        }

        await loop;

        async Task LoopAsync()
        {
            while (ended < 3)
            {
                await tick.WaitAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
                ended++;
            }
        }
    }

    [Fact]
    public async Task A_stop_ends_a_wait_at_once_and_the_others_go_on()
    {
        using var tick = new SharedTick(_time);
        using var stop = new CancellationTokenSource();
        var stopped = tick.WaitAsync(TimeSpan.FromSeconds(1), stop.Token);
        var other = tick.WaitAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);
        _time.Advance(TimeSpan.FromSeconds(1));
        await other;
    }
}
