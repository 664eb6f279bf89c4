using Zurg.Core;

namespace Zurg.Simulation.Verdicts;

/// <summary>Random counts from a seed, and what luck allows a test to expect of them.</summary>
internal sealed class Chance(ulong seed)
{
    private Prng _prng = new(seed);

    public int Poisson(double mean)
    {
        if (mean > 50)
        {
            return Poisson(mean / 2) + Poisson(mean / 2);
        }

        var (count, product, end) = (0, 1 - _prng.NextDouble(), Math.Exp(-mean));
        while (product > end)
        {
            product *= 1 - _prng.NextDouble();
            count++;
        }

        return count;
    }

    /// <summary>A Poisson count of a rate that is itself by chance: its variance is so many times its mean.</summary>
    public int NegativeBinomial(double mean, double dispersion) =>
        dispersion <= 1 ? Poisson(mean) : Poisson(Gamma(mean / (dispersion - 1)) * (dispersion - 1));

    /// <summary>Of shape <paramref name="shape"/> and scale 1 (Marsaglia and Tsang 2000, with their power below 1).</summary>
    public double Gamma(double shape)
    {
        if (shape < 1)
        {
            return Gamma(shape + 1) * Math.Pow(1 - _prng.NextDouble(), 1 / shape);
        }

        var d = shape - (1.0 / 3);
        while (true)
        {
            var normal = Normal();
            var v = Math.Pow(1 + (normal / Math.Sqrt(9 * d)), 3);
            if (v > 0 && Math.Log(1 - _prng.NextDouble()) < (0.5 * normal * normal) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v;
            }
        }
    }

    public double Normal() =>
        Math.Sqrt(-2 * Math.Log(1 - _prng.NextDouble())) * Math.Cos(2 * Math.PI * _prng.NextDouble());

    public int Next(int exclusiveMax) => _prng.Next(exclusiveMax);

    /// <summary>Not a number without any.</summary>
    public static double Median(IEnumerable<int> values) =>
        values.Order().ToArray() is { Length: > 0 } sorted ? sorted[sorted.Length / 2] : double.NaN;

    /// <summary>
    /// The most of so many runs that may go wrong when each does with at most this chance: more would be luck of less than one
    /// in 100,000.
    /// </summary>
    public static int Most(int runs, double chance)
    {
        var (rest, term) = (1.0, Math.Pow(1 - chance, runs));
        for (var k = 0; ; k++)
        {
            rest -= term;
            if (rest < 1e-5 || k == runs)
            {
                return k;
            }

            term *= (double)(runs - k) / (k + 1) * chance / (1 - chance);
        }
    }
}
