using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Roles;

/// <summary>
/// Takes a role for this run of the master: with the embedded store the restart is the failover, so nobody is waited for. What
/// was written under the epoch before is done, and its writer, should it still live, is refused from now on (SAFETY.md E1).
/// </summary>
internal static class RoleTaking
{
    private const int AttemptsMax = 10;

    /// <returns>The guard of every write of the role.</returns>
    /// <exception cref="StoreFaultException">Others took it again and again.</exception>
    public static async Task<RoleGuard> TakeAsync(
        IStateStore store, string role, string owner, DateTimeOffset now, CancellationToken stop)
    {
        var key = StoreKeys.Role(role);
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var held = await store.FindAsync(key, stop);
            var epoch = held is null ? new Epoch(1) : held.Read(WireJson.Default.RoleRecord).Epoch.Next;
            var record = JsonSerializer.SerializeToUtf8Bytes(new RoleRecord(owner, epoch, now), WireJson.Default.RoleRecord);
            var commit = new StoreCommit([new StoreExpectation(key, held?.Modified ?? default)], [new StoreWrite(key, record)]);
            if (await store.CommitAsync(commit, stop) is CommitOutcome.Committed committed)
            {
                return new RoleGuard(key, committed.Revision, epoch);
            }
        }

        throw new StoreFaultException($"the role {role} was taken by others {AttemptsMax} times in a row");
    }
}
