using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>What is done when the time is over and nothing is proven (SAFETY.md 6): never a pass by itself.</summary>
public enum OnTooLittle
{
    /// <summary>It stays where it is until a person says promote or abort.</summary>
    Hold,

    /// <summary>The same, and a person is asked.</summary>
    Ask,

    /// <summary>It goes on after <see cref="VerdictPolicy.GoOnAfter"/>; a halt is possible all the while and after it.</summary>
    GoOn,
}

/// <summary>The numbers of SAFETY.md 6, each with its default.</summary>
public sealed record VerdictPolicy
{
    public static readonly VerdictPolicy Usual = new();

    /// <summary>So many times as often as the old one is still fine (theta 0).</summary>
    public double Tolerance { get; init; } = 1.1;

    /// <summary>
    /// The same for slow answers. Hosts and processes of one release differ in that for good, which no count of chance covers;
    /// and 6 % instead of 5 % of answers beyond a p95 is no reason to take a release back.
    /// </summary>
    public double SlowTolerance { get; init; } = 1.5;

    /// <summary>So many times as often is harm that a pass must have ruled out (theta 1).</summary>
    public double Harmful { get; init; } = 2;

    /// <summary>What is tried as harm, in multiples of the tolerance: faults of any size are found soon (gamma).</summary>
    public ImmutableArray<double> Grid { get; init; } = [1.5, 2, 3, 5, 10, 30];

    /// <summary>The chance per signal that a release within the tolerance is halted, however often one looks (alpha).</summary>
    public double FalseHalt { get; init; } = 0.001;

    /// <summary>The chance per signal that a harmful release passes (beta).</summary>
    public double FalsePass { get; init; } = 0.01;

    /// <summary>The share of bad requests that is fine whatever the old one had: rare events (r1; r0 is a tenth of it).</summary>
    public double AcceptableRate { get; init; } = 0.005;

    /// <summary>On each side, before anything passes. A halt waits for no number: it is proven or not.</summary>
    public long RequestsMin { get; init; } = 200;

    /// <summary>A process may be slow for so long after its first request.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Nothing proven after twice this time (it is extended once) is too little to tell (T max).</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(10);

    public OnTooLittle TooLittle { get; init; } = OnTooLittle.Hold;

    /// <summary>With <see cref="OnTooLittle.GoOn"/>: so long after it was too little to tell.</summary>
    public TimeSpan GoOnAfter { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Counts older than this are not looked at: no more are kept.</summary>
    public TimeSpan Kept { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The newest seconds are left for the next time: not all of their counts have come.</summary>
    public TimeSpan Lag { get; init; } = TimeSpan.FromSeconds(2);
}
