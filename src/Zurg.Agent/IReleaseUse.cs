using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent;

/// <summary>Something for which releases must stay on this host.</summary>
internal interface IReleaseUse
{
    /// <summary>Those that it needs now; null while it does not know yet: then nothing is removed.</summary>
    ImmutableSortedSet<ReleaseId>? Releases { get; }
}
