namespace Zurg.Core;

/// <summary>
/// A release is watched for as long as its rollout runs, with new stakes each round: the first is as long as a verdict may take,
/// extension included, the later ones half of that. Round k from the second on needs k(k+1) times as much to halt, so that
/// all of them together mislead no oftener than one.
/// </summary>
internal static class VerdictRounds
{
    public static long SecondsOfTheFirst(VerdictPolicy policy) => 2 * SecondsOf(policy);

    /// <param name="second">Since what is judged began.</param>
    public static int Of(VerdictPolicy policy, long second) => second < SecondsOfTheFirst(policy)
        ? 0
        : 1 + (int)((second - SecondsOfTheFirst(policy)) / SecondsOf(policy));

    /// <summary>The first second of a round, since what is judged began.</summary>
    public static long StartOf(VerdictPolicy policy, int round) => round == 0 ? 0 : (round + 1) * SecondsOf(policy);

    /// <summary>ln of what the stakes must have become for a halt.</summary>
    public static double ToHalt(VerdictPolicy policy, int round) =>
        Math.Log(1 / policy.FalseHalt) + (round == 0 ? 0 : Math.Log((double)round * (round + 1)));

    public static double ToPass(VerdictPolicy policy) => Math.Log(1 / policy.FalsePass);

    private static long SecondsOf(VerdictPolicy policy) => Math.Max(1, (long)policy.Within.TotalSeconds);
}
