using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Whether a service may be retired.</summary>
public abstract record RetireVerdict
{
    private RetireVerdict()
    {
    }

    public sealed record Allowed : RetireVerdict;

    /// <param name="Users">Who is left, those that use it now first.</param>
    /// <param name="BecauseOfNow">Some of them use it now or are declared: no date makes up for that.</param>
    public sealed record Refused(ImmutableArray<ServiceUser> Users, bool BecauseOfNow) : RetireVerdict;

    /// <param name="seenBefore">
    /// Clients that were last seen before this do not count: somebody knows that they will not come back. Those that use it now,
    /// and what is declared, count whatever it says.
    /// </param>
    public static RetireVerdict Judge(ServiceUsers users, DateTimeOffset? seenBefore)
    {
        var left = users.Users.Where(u => u.Now || u.LastSeen is not { } last || seenBefore is not { } limit || last >= limit)
            .ToImmutableArray();
        return left.IsEmpty ? new Allowed() : new Refused(left, left.Any(u => u.Now));
    }
}
