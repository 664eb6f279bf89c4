using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>
/// The right to write as a role: every commit of the role expects the role's key at the revision at which this owner took it, so
/// a deposed owner cannot write (SAFETY.md E1).
/// </summary>
/// <param name="Key">roles/NAME.</param>
/// <param name="Taken">The revision of the commit that took the role.</param>
public sealed record RoleGuard(string Key, Revision Taken, Epoch Epoch)
{
    public StoreExpectation Expectation => new(Key, Taken);

    /// <summary>An owner that has nothing to write learns from its view that it was deposed.</summary>
    /// <exception cref="RoleLostException">The view knows a later owner.</exception>
    public void Check(ClusterState seen)
    {
        if (seen.ModifiedOf(Key) > Taken)
        {
            throw new RoleLostException(this);
        }
    }
}

/// <summary>Another owner has the role. This one must not act any more.</summary>
public sealed class RoleLostException(RoleGuard guard)
    : Exception($"{guard.Key} was taken over: epoch {guard.Epoch} is no longer the newest");
