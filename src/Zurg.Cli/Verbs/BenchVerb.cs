namespace Zurg.Cli.Verbs;

internal sealed class BenchVerb : Verb
{
    public const string Summary = "benchmarks against peers measured in the same run (from a checkout: ./zurg bench NAME)";

    public BenchVerb() : base("bench", Summary)
    {
        TreatUnmatchedTokensAsErrors = false;
        Examples = ["./zurg bench          # the names", "./zurg bench store    # one of them"];
    }

    /// <summary>
    /// The launcher takes this verb before the program is started, so only an installed copy without sources comes here.
    /// </summary>
    public override Task<int> RunAsync(VerbCall call) => throw new VerbFailedException(
        "the benchmarks are built from their sources", "run ./zurg bench in a checkout of Zurg");
}
