namespace Zurg.Bench;

/// <summary>One benchmark: measures us and a peer in turn, in the same call, on the same machine.</summary>
/// <param name="Name">What is typed after zurg-bench.</param>
/// <param name="Summary">One line for the list.</param>
internal sealed record Benchmark(string Name, string Summary, Func<BenchmarkOptions, CancellationToken, Task<BenchmarkLine>> RunAsync)
{
    public static readonly Benchmark[] All =
    [
        StoreBenchmark.Entry, ApplyBenchmark.Entry, RestartBenchmark.Entry, DeployBenchmark.Entry,
    ];
}

/// <param name="Directory">Where data goes while it runs: it must be on the disk that is to be measured.</param>
/// <param name="Rounds">Each round measures everything once.</param>
/// <param name="RoundTime">For each single measurement.</param>
internal sealed record BenchmarkOptions(string Directory, int Rounds, TimeSpan RoundTime)
{
    public static BenchmarkOptions Parse(string name, ReadOnlySpan<string> args)
    {
        var options = new BenchmarkOptions(Path.GetFullPath(Path.Combine(".build", "bench", name)), Rounds: 5, TimeSpan.FromSeconds(2));
        for (; args.Length >= 2; args = args[2..])
        {
            options = args[0] switch
            {
                "--dir" => options with { Directory = Path.GetFullPath(args[1]) },
                "--rounds" when int.TryParse(args[1], out var rounds) && rounds > 0 => options with { Rounds = rounds },
                "--seconds" when double.TryParse(args[1], out var seconds) && seconds > 0 =>
                    options with { RoundTime = TimeSpan.FromSeconds(seconds) },
                _ => throw new BenchmarkUsageException($"{args[0]} {args[1]} is no option"),
            };
        }

        return args.IsEmpty ? options : throw new BenchmarkUsageException($"{args[0]} is no option, or its value is missing");
    }
}

internal sealed class BenchmarkUsageException(string message) : Exception(message);
