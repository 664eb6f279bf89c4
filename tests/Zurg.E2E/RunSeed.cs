using System.Globalization;
using Xunit.Abstractions;

namespace Zurg.E2E;

/// <summary>What a run picks by chance can be picked again: ZURG_SEED=N, as the run wrote it down.</summary>
internal static class RunSeed
{
    public static int Of(ITestOutputHelper output)
    {
        var seed = int.TryParse(
            Environment.GetEnvironmentVariable("ZURG_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given : Environment.TickCount;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ZURG_SEED={seed}"));
        return seed;
    }
}
