using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>reserve: in cluster.yaml: what hosts keep free, as a share or an amount.</summary>
internal static class ReserveCheck
{
    private const int PercentMax = 90;

    public static void Check(ReserveDraft? draft, ProblemList problems)
    {
        Check("reserve.disk", draft?.Disk, problems);
        Check("reserve.memory", draft?.Memory, problems);
    }

    /// <summary>Null when nothing was written, or nothing that can be understood.</summary>
    public static FreeLimit? Limit(string? text) =>
        text is null ? null
        : Percent(text) is { } percent ? new FreeLimit(Percent: percent)
        : Measures.Size(text) is { } size ? new FreeLimit(Bytes: size)
        : null;

    /// <summary>As it would be written; the lesser of two as both.</summary>
    public static string Show(FreeLimit limit) => string.Join(", at most ", ((string?[])
    [
        limit.Percent is { } percent ? string.Create(CultureInfo.InvariantCulture, $"{percent}%") : null,
        limit.Bytes is { } bytes ? Measures.Show(bytes) : null,
    ]).OfType<string>());

    private static void Check(string path, string? text, ProblemList problems)
    {
        if (text is null)
        {
            return;
        }

        if (Limit(text) is not { } limit)
        {
            problems.Add(path, $"{Words.Quote(text)} is neither a share nor a size", "write for example 5% or 10GiB");
        }
        else if (limit.Percent > PercentMax)
        {
            problems.Add(path, $"{Words.Quote(text)} is out of range",
                $"a host that must keep more than {PercentMax}% free would never get an instance");
        }
    }

    private static double? Percent(string text) =>
        text.EndsWith('%') && double.TryParse(
            text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
            ? percent
            : null;
}
