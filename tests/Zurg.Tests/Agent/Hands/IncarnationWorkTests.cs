using Zurg.Agent.Hands;

namespace Zurg.Tests.Agent.Hands;

public sealed class IncarnationWorkTests
{
    [Fact]
    public void Of_very_many_looks_at_one_signal_the_last_but_one_ends_and_the_oldest_goes_on()
    {
        using var work = new IncarnationWork(AgentSamples.Web, AgentSamples.First, "token");
        var looks = Enumerable.Range(0, 20).Select(_ => work.BeginReload("HUP")).ToList();
        var other = work.BeginReload("USR1");
        Assert.Equal(
            [.. Enumerable.Range(0, 15), 19], looks.Index().Where(l => !l.Item.IsCancellationRequested).Select(l => l.Index));
        work.EndReload("HUP", looks[0]);
        var next = work.BeginReload("HUP");
        Assert.False(looks[19].IsCancellationRequested);
        work.Dispose();
        Assert.True(next.IsCancellationRequested && other.IsCancellationRequested && looks[1].IsCancellationRequested);
    }
}
