namespace Zurg.Bench;

/// <summary>One benchmark: measures us and a peer in turn, in the same call, on the same machine.</summary>
/// <param name="Name">What is typed after zurg-bench.</param>
/// <param name="Summary">One line for the list.</param>
internal sealed record Benchmark(
    string Name, string Summary, Func<BenchmarkOptions, CancellationToken, Task<BenchmarkLine>> RunAsync)
{
    /// <summary>Of each round, when nobody says --seconds.</summary>
    public TimeSpan RoundTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>When nobody says --rounds.</summary>
    public int Rounds { get; init; } = 5;

    public static readonly Benchmark[] All =
    [
        StoreBenchmark.Entry, ApplyBenchmark.Entry, RestartBenchmark.Entry, DeployBenchmark.Entry, IdleBenchmark.Entry,
        NamingBenchmark.Entry, RolloutBenchmark.Entry, OfflineBenchmark.Entry,
    ];
}

/// <param name="Directory">Where data goes while it runs: it must be on the disk that is to be measured.</param>
/// <param name="Rounds">Each round measures everything once.</param>
/// <param name="RoundTime">For each single measurement.</param>
internal sealed record BenchmarkOptions(string Directory, int Rounds, TimeSpan RoundTime)
{
    /// <summary>Of the rollout benchmark: how many in a row.</summary>
    public int Rollouts { get; init; } = 20;

    /// <summary>Its control arm: nobody is waited for.</summary>
    public bool WithoutConfirmation { get; init; }

    public static BenchmarkOptions Parse(Benchmark benchmark, ReadOnlySpan<string> args)
    {
        var directory = Path.GetFullPath(Path.Combine(".build", "bench", benchmark.Name));
        var options = new BenchmarkOptions(directory, benchmark.Rounds, benchmark.RoundTime);
        while (args.Length >= 2 || args is ["--without-confirmation"])
        {
            if (args[0] == "--without-confirmation")
            {
                options = options with { WithoutConfirmation = true };
                args = args[1..];
                continue;
            }

            options = args[0] switch
            {
                "--dir" => options with { Directory = Path.GetFullPath(args[1]) },
                "--rounds" when int.TryParse(args[1], out var rounds) && rounds > 0 => options with { Rounds = rounds },
                "--rollouts" when int.TryParse(args[1], out var rollouts) && rollouts > 0 =>
                    options with { Rollouts = rollouts },
                "--seconds" when double.TryParse(args[1], out var seconds) && seconds > 0 =>
                    options with { RoundTime = TimeSpan.FromSeconds(seconds) },
                _ => throw new BenchmarkUsageException($"{args[0]} {args[1]} is no option"),
            };
            args = args[2..];
        }

        return args.IsEmpty ? options : throw new BenchmarkUsageException($"{args[0]} is no option, or its value is missing");
    }
}

internal sealed class BenchmarkUsageException(string message) : Exception(message);
