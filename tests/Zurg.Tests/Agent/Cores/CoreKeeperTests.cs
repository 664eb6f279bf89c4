using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Cores;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Hands;
using Zurg.Tests.Agent.Processes;

namespace Zurg.Tests.Agent.Cores;

public sealed class CoreKeeperTests
{
    [Fact]
    public async Task What_became_of_each_is_told()
    {
        using var bench = new CoreBench();
        bench.Core(41);
        var told = await ToldAsync(bench, bench.Dumped(41), bench.Dumped(42, incarnation: 2));
        Assert.StartsWith("core dump web.0-1 is kept (pid 41, ended by SIGSEGV;", told[0], StringComparison.Ordinal);
        Assert.StartsWith("its core dump is not kept (pid 42, ended by SIGSEGV): there", told[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_real_process_that_dumps_core_is_told_of_with_what_it_ran()
    {
        await using var hands = new HandsBench();
        hands.AddFile("run", "#!/bin/sh\nkill -SEGV $$\n");
        var assigned = AgentSamples.Assigned(s => s with { Limits = new LimitsSpec { Core = LimitsSpec.Unlimited } });
        var launch = await hands.PrepareAsync(assigned);
        var process = await hands.StartAsync(assigned, launch);
        var exit = (await hands.NextAsync<AgentInput.Exited>()).Exit;
        Assert.Equal(11, exit.Signal);

        // Whether the kernel makes one is the host's decision (core_pattern, where the file goes): it says so in the exit.
        Assert.Equal(exit.CoreDumped, hands.Dumped.Reader.TryRead(out var dumped));
        if (dumped is not null)
        {
            Assert.Equal((process.Pid, 11, launch), (dumped.Pid, dumped.Signal, dumped.Launch));
        }
    }

    [Fact]
    public async Task One_that_dumped_core_while_no_agent_was_there_is_told_of_too()
    {
        // Its parent never reaps it, so how it ended can be read long afterwards.
        using var parent = new ProcessBench();
        parent.Shell("sh -c 'ulimit -c unlimited; kill -SEGV $$' & echo $!; exec sleep 60");
        await ProcessBench.UntilAsync(() => parent.Output.EndsWith('\n'), "its pid");
        var pid = int.Parse(parent.Output, CultureInfo.InvariantCulture);
        await ProcessBench.UntilAsync(() => ProcessStat.Read(pid) is { IsDead: true }, "its end");

        await using var hands = new HandsBench();
        hands.AddFile("run", "");
        var assigned = AgentSamples.Assigned();
        var launch = await hands.PrepareAsync(assigned);
        var process = ProcessStat.Read(pid)!.Value.Identity;
        hands.Hands.Begin(new AgentEffect.Find(assigned, AgentSamples.First, process, launch));
        var exit = (await hands.NextAsync<AgentInput.Found>()).Exit!;
        Assert.Equal((11, true), (exit.Signal!.Value, exit.Unwatched));
        Assert.Equal(exit.CoreDumped, hands.Dumped.Reader.TryRead(out var dumped));
        if (dumped is not null)
        {
            Assert.Equal((pid, 11, launch), (dumped.Pid, dumped.Signal, dumped.Launch));
        }
    }

    private static async Task<List<string>> ToldAsync(CoreBench bench, params DumpedProcess[] all)
    {
        var told = Channel.CreateBounded<AgentInput>(10);
        var finder = new CoreFinder(bench.Settings, TimeProvider.System);
        var keeper = new CoreKeeper(finder, bench.Shelf(), told.Writer.WriteAsync, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var running = keeper.RunAsync(stop.Token);
        var texts = new List<string>();
        foreach (var one in all)
        {
            keeper.Keep(one);
            var input = await told.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            texts.Add(Assert.IsType<AgentInput.Happened>(input).Text);
        }

        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return texts;
    }
}
