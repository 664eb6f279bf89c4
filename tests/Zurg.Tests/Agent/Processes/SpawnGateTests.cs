using Zurg.Agent.Processes;

namespace Zurg.Tests.Agent.Processes;

public sealed class SpawnGateTests : IDisposable
{
    private readonly ProcessBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_child_waits_at_the_gate_and_becomes_the_program_when_it_is_opened()
    {
        using var gate = SpawnGate.TryShut();
        var spawning = Begin(gate!);
        await Task.Delay(50);
        Assert.False(spawning.IsCompleted);
        Assert.Equal("", _bench.Output);
        gate!.Open();
        var (error, pid) = await spawning.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, error);
        await ProcessBench.UntilAsync(() => _bench.Output == "ran\n", "the program's word");
        await ProcessBench.UntilAsync(() => ProcessStat.Read(pid) is not { IsDead: false }, "its end");
        var process = ProcessStat.Read(pid)!.Value.Identity;
        Assert.Equal(0, (await ProcessBench.ExitOf(process)).Code);
    }

    [Fact]
    public async Task A_child_that_comes_through_without_the_gate_being_opened_ends_without_having_run()
    {
        using var gate = SpawnGate.TryShut();
        var spawning = Begin(gate!);
        await Task.Delay(20);
        gate!.Refuse();
        var (error, _) = await spawning.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.NotEqual(0, error);
        Assert.Equal("", _bench.Output);
    }

    private Task<(int Error, int Pid)> Begin(SpawnGate gate) => Task.Factory.StartNew(
        () => (Spawner.Spawn(_bench.Request("/bin/sh"), ["/bin/sh", "-c", "echo ran"], gate, out var pid), pid),
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
