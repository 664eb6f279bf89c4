namespace Zurg.Core;

/// <summary>What one instance was asked in one second and stratum, and how much of it went bad.</summary>
/// <param name="Second">Since 1970.</param>
/// <param name="Instance">Its place in <see cref="VerdictSamples.Instances"/>.</param>
internal readonly record struct Sample(long Second, int Stratum, int Instance, bool IsNew, long Bad, long Asked)
{
    /// <summary>By second; what is in order already, as most is, stays as it is.</summary>
    public static Sample[] InOrder(IEnumerable<Sample> samples)
    {
        var all = samples.ToArray();
        for (var i = 1; i < all.Length; i++)
        {
            if (all[i].Second < all[i - 1].Second)
            {
                Array.Sort(all, (a, b) => a.Second.CompareTo(b.Second));
                break;
            }
        }

        return all;
    }
}
