using System.Collections.Concurrent;
using Zurg.Agent.Local;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Local;

public sealed class KnownSetsLoopTests
{
    [Fact]
    public async Task What_is_known_is_said_now_and_then_and_never_in_between()
    {
        using var stop = new CancellationTokenSource();
        var (time, asked) = (new ManualTime(), 0L);
        var said = new ConcurrentQueue<KnownSets>();
        var loop = new KnownSetsLoop(
            () => new KnownSets { Services = [new KnownSet(new ServiceName("web"), new Revision(++asked))] },
            said.Enqueue, time);
        var run = loop.RunAsync(stop.Token);

        time.Advance(KnownSetsLoop.Every - TimeSpan.FromSeconds(1));
        Assert.Empty(said);
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => said.Count == 1, "it is said");

        Assert.Equal(new Revision(1), said.Single().Services.Single().Revision);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }
}
