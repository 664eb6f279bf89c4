using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Master.Naming;
using Zurg.Protocol;

namespace Zurg.Master.Agents;

/// <summary>
/// Which sets one session is told: those that the speaker let it follow and that it still asks for. To leave a service works at
/// once, to join one only by the speaker's word: between the two nobody waits for this host, and it must not be told anything.
/// </summary>
internal sealed class SessionNaming(NamingFanOut naming)
{
    private readonly Lock _lock = new();
    private ImmutableSortedSet<ServiceName> _asked = [];
    private ImmutableSortedSet<ServiceName> _followed = [];
    private ImmutableSortedDictionary<ServiceName, Revision> _checked = ImmutableSortedDictionary<ServiceName, Revision>.Empty;
    private bool _hasLeft;

    /// <summary>What the agent asks for now: the whole list.</summary>
    public void Ask(INamingSubscriber session, ImmutableArray<ServiceName> services)
    {
        lock (_lock)
        {
            _asked = services.ToImmutableSortedSet();
            Follow_NeedsLock(session, _followed, since: default);
        }
    }

    /// <summary>What the speaker lets it follow, and from which revision on.</summary>
    public void Follow(INamingSubscriber session, ImmutableArray<ServiceName> services, Revision since)
    {
        lock (_lock)
        {
            Follow_NeedsLock(session, services.ToImmutableSortedSet(), since);
        }
    }

    /// <summary>Sends again what the host should have had by now and has not.</summary>
    /// <returns>The services whose sets were lost or damaged.</returns>
    public ImmutableArray<ServiceName> Check(INamingSubscriber session, KnownSets said)
    {
        lock (_lock)
        {
            var ours = naming.NewestOf(session).ToImmutableSortedDictionary(p => p.Set.Service, p => p.Known);
            (_checked, var again) = SetCheck.Compare(_checked, said.Services, ours);
            naming.OfferAgain(session, again);
            return again;
        }
    }

    /// <summary>It is told nothing once this has returned, whatever the speaker says later.</summary>
    public void Leave(INamingSubscriber session)
    {
        lock (_lock)
        {
            _hasLeft = true;
            naming.Unsubscribe(session);
        }
    }

    private void Follow_NeedsLock(INamingSubscriber session, ImmutableSortedSet<ServiceName> services, Revision since)
    {
        if (!_hasLeft)
        {
            _followed = services.Intersect(_asked);
            naming.Subscribe(session, _followed, since);
        }
    }
}
