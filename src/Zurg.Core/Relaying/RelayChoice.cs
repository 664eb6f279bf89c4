namespace Zurg.Core;

/// <summary>An endpoint that a connection could be carried to.</summary>
/// <param name="Avoided">A connection to it failed not long ago.</param>
/// <param name="Tried">For this connection, already.</param>
/// <param name="Connections">That are carried to it from this listener now.</param>
public readonly record struct RelayCandidate(bool Suspect, bool Avoided, bool Tried, int Connections);

/// <summary>
/// Which endpoint a connection is carried to: the one with fewer connections of two picked by chance (Mitzenmacher 2001). Those
/// that just refused come after the others, suspects last of all.
/// </summary>
public static class RelayChoice
{
    /// <param name="random">A number from 0 up to but not including its argument.</param>
    /// <returns>An index; null when every one was tried.</returns>
    public static int? Pick(ReadOnlySpan<RelayCandidate> candidates, Func<int, int> random)
    {
        var (best, count) = (int.MaxValue, 0);
        foreach (var candidate in candidates)
        {
            var rank = RankOf(candidate);
            (best, count) = rank < best ? (rank, 1) : (best, rank == best ? count + 1 : count);
        }

        if (best == int.MaxValue)
        {
            return null;
        }

        var first = Nth(candidates, best, random(count));
        if (count == 1)
        {
            return first;
        }

        // One of the others: they keep their order, and the first one is stepped over.
        var place = random(count - 1);
        var second = Nth(candidates, best, place);
        second = second >= first ? Nth(candidates, best, place + 1) : second;
        return candidates[second].Connections < candidates[first].Connections ? second : first;
    }

    private static int RankOf(RelayCandidate candidate) => candidate.Tried ? int.MaxValue
        : (candidate.Suspect ? 2 : 0) + (candidate.Avoided ? 1 : 0);

    private static int Nth(ReadOnlySpan<RelayCandidate> candidates, int rank, int place)
    {
        for (var i = 0; i < candidates.Length; i++)
        {
            if (RankOf(candidates[i]) == rank && place-- == 0)
            {
                return i;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(place));
    }
}
