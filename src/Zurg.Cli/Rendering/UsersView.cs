using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Who uses a service, a line for each piece of evidence, and how long somebody has looked.</summary>
internal static class UsersView
{
    /// <summary>Hosts that were not watched all the time, named one by one.</summary>
    private const int GapsMax = 10;

    private static readonly TimeSpan Whole = TimeSpan.FromDays(31);

    public static ImmutableArray<Block> Of(ServiceUsers users, DateTimeOffset now) =>
    [
        .. users.Retired is { } retired
            ? [Block.Line.Of(
                new Span($"{users.Service} was retired by {retired.By} {Measures.Age(now - retired.At)} ago", Tone.Warn))]
            : ImmutableArray<Block>.Empty,
        .. users.Users.IsEmpty
            ? ImmutableArray<Block>.Empty
            : [new Block.Table(
                ["CLIENT", "HOST", "EVIDENCE", "LAST SEEN", "FROM"], [.. users.Users.SelectMany(u => Rows(u, now))])],
        Watched(users, now),
        .. Gaps(users),
    ];

    private static IEnumerable<ImmutableArray<Span>> Rows(ServiceUser user, DateTimeOffset now) =>
        user.Proofs.Select((proof, i) => (ImmutableArray<Span>)
        [
            i == 0 ? new Span(user.Client, Tone.Strong) : "",
            i == 0 ? user.Host?.Value ?? "-" : "",
            proof.Text,
            proof.Evidence == UseEvidence.Declared
                ? new Span($"declared {Measures.Age(now - proof.Last)} ago", Tone.Good)
                : proof.Now ? new Span("now", Tone.Good)
                : $"{Measures.Age(now - proof.Last)} ago, at {Measures.Moment(proof.Last)}",
            proof.Source,
        ]);

    /// <summary>Nobody is said to be there for longer than somebody has looked.</summary>
    private static Block.Line Watched(ServiceUsers users, DateTimeOffset now)
    {
        var seen = users.Users.Any(u => u.LastSeen is not null);
        if (users.Since is not { } since)
        {
            return Block.Line.Of(new Span(
                seen ? "no host watches now: there may be more" : "no host watches who uses it: nothing is known", Tone.Warn));
        }

        var whole = now - since >= Whole;
        var time = $"{Measures.Moment(since)}, {Measures.Age(now - since)} ago";
        return Block.Line.Of(
            seen ? "watched since " : users.Users.IsEmpty ? "nobody uses it; seen nobody since " : "seen nobody since ",
            time,
            whole ? "" : new Span("; a client that comes less often than that may be missing", Tone.Warn));
    }

    private static IEnumerable<Block> Gaps(ServiceUsers users)
    {
        foreach (var gap in users.Gaps.Take(GapsMax))
        {
            yield return Block.Line.Of(gap.Since is { } since
                ? $"  {gap.Host} has watched only since {Measures.Moment(since)}"
                : $"  {gap.Host} does not say what it sees: it is silent, or its agent is too old");
        }

        if (users.Gaps.Length > GapsMax)
        {
            yield return Block.Line.Of($"  and {users.Gaps.Length - GapsMax} more hosts were not watched all the time");
        }
    }
}
