using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Master.Roles;

namespace Zurg.Tests.Master.Roles;

public sealed class LoopHostTests
{
    [Fact]
    public async Task A_loop_that_dies_stops_the_others_and_faults_the_completion()
    {
        await using var loops = new LoopHost(NullLogger.Instance);
        var stopped = new TaskCompletionSource();
        loops.Start("other", async stop =>
        {
            using var cut = stop.Register(stopped.SetResult);
            await Task.Delay(Timeout.Infinite, stop);
        });
        loops.Start("dying", _ => throw new IOException("no disk"));

        var death = await Assert.ThrowsAsync<InvalidOperationException>(() => loops.Completion.WaitAsync(TestMaster.Deadline));

        Assert.Contains("dying", death.Message, StringComparison.Ordinal);
        await stopped.Task.WaitAsync(TestMaster.Deadline);
    }

    [Fact]
    public async Task A_loop_that_ends_without_being_told_to_counts_as_dead()
    {
        await using var loops = new LoopHost(NullLogger.Instance);
        loops.Start("short", _ => Task.CompletedTask);
        await Assert.ThrowsAsync<InvalidOperationException>(() => loops.Completion.WaitAsync(TestMaster.Deadline));
    }

    [Fact]
    public async Task Loops_that_are_stopped_complete()
    {
        var loops = new LoopHost(NullLogger.Instance);
        loops.Start("quiet", async stop =>
        {
            while (!stop.IsCancellationRequested)
            {
                await Task.Delay(10, stop).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        });
        loops.Start("loud", stop => Task.Delay(Timeout.Infinite, stop));
        await loops.DisposeAsync();
        await loops.Completion.WaitAsync(TestMaster.Deadline);
    }
}
