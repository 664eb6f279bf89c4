using Zurg.Agent;

namespace Zurg.Tests.Agent;

public sealed class LoopGuardTests
{
    private readonly TaskCompletionSource _one = new();
    private readonly TaskCompletionSource _other = new();
    private readonly List<string> _died = [];
    private bool _mayEnd;

    [Fact]
    public async Task Loops_that_end_when_they_may_are_no_news()
    {
        var guard = Watch();
        _mayEnd = true;
        _one.SetResult();
        _other.SetCanceled();
        await guard.WaitAsync(Eventually.Deadline);
        Assert.Empty(_died);
    }

    [Fact]
    public async Task A_loop_that_faults_ends_the_others_and_its_fault_is_the_agent_s()
    {
        var guard = Watch();
        _one.SetException(new IOException("no disk"));
        var e = await Assert.ThrowsAsync<IOException>(() => guard.WaitAsync(Eventually.Deadline));
        Assert.Equal("no disk", e.Message);
        Assert.Equal(["no disk"], _died);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_loop_that_ends_too_soon_without_a_fault_is_as_dead(bool cancelled)
    {
        var guard = Watch();
        if (cancelled)
        {
            _one.SetCanceled();
        }
        else
        {
            _one.SetResult();
        }

        await Assert.ThrowsAsync<InvalidOperationException>(() => guard.WaitAsync(Eventually.Deadline));
        Assert.Single(_died);
    }

    /// <summary>As in the agent: the death of one ends the others, and that is no death.</summary>
    private Task Watch() => LoopGuard.UntilEndedAsync([_one.Task, _other.Task], () => _mayEnd, e =>
    {
        _died.Add(e.Message);
        _mayEnd = true;
        _other.SetCanceled();
        return Task.CompletedTask;
    });
}
