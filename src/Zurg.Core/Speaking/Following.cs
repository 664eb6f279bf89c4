using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Which services the consumers of each host follow. The store knows it before the host is offered the first set, so that whoever
/// is to wait for the consumers of a service knows of each that may use it (DESIGN.md promise 2).
/// </summary>
internal static class Following
{
    public static SpeakerCommit OnSubscribed(SpeakerState state, HostId id, NamingSubscription subscription)
    {
        if (state.Hosts.GetValueOrDefault(id) is not { Description: not null } host)
        {
            return new SpeakerCommit { State = state };   // no hello yet: whose word this is, nobody knows
        }

        // Before its first report there are no facts to write it into: then the sets are owed until there are.
        return FactsWriting.WriteOrRefuse(
            state, host with { Follows = subscription.Services.ToImmutableSortedSet(), OwesSets = true });
    }
}
