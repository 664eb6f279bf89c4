using Zurg.Bench;

if (args.Length == 0)
{
    Console.WriteLine("usage: zurg-bench NAME [--dir DIR] [--rounds N] [--seconds S] [--rollouts N] [--without-confirmation]");
    foreach (var known in Benchmark.All)
    {
        Console.WriteLine($"  {known.Name,-10} {known.Summary}");
    }

    return 0;
}

// What a benchmark starts: itself, as one of these programs.
if (args[0] == WatcherProgram.Verb)
{
    return await WatcherProgram.RunAsync(args[1..]);
}

if (args[0] == RolloutServer.Verb)
{
    return await RolloutServer.RunAsync();
}

if (args[0] == RolloutSubscriber.Verb)
{
    return await RolloutSubscriber.RunAsync(args[1], args[2]);
}

if (Benchmark.All.FirstOrDefault(b => b.Name == args[0]) is not { } benchmark)
{
    Console.Error.WriteLine($"there is no benchmark '{args[0]}'; zurg-bench alone lists them");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    var options = BenchmarkOptions.Parse(benchmark, args.AsSpan(1));
    Console.WriteLine(await benchmark.RunAsync(options, stop.Token));
    return 0;
}
catch (BenchmarkUsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("stopped");
    return 1;
}
catch (PeerException e)
{
    Console.Error.WriteLine($"the peer cannot be measured: {e.Message}");
    return 1;
}
