using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>
/// Where sessions leave their newest word: one slot per host for each kind of it, so that a session's reader never waits and
/// memory is bounded by the number of hosts.
/// </summary>
internal sealed class HostSlots
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<HostId, Slot> _slots = [];

    /// <returns>The session to refuse: the host's older one, or this one when it is itself the older.</returns>
    public IHostSession? Open(IHostSession session, AgentHello hello)
    {
        lock (_lock)
        {
            var slot = SlotOf_NeedsLock(session.Host);
            var older = slot.Session;
            if (older is not null && older.AgentEpoch > session.AgentEpoch)
            {
                return session;
            }

            slot.Session = session;
            slot.Hello = hello;
            slot.Report = null;
            slot.LastNumber = 0;
            slot.Subscription = null;
            slot.Confirmation = null;
            slot.Closed = false;
            return older;
        }
    }

    public void Report(IHostSession session, HostReport report)
    {
        lock (_lock)
        {
            var slot = SlotOf_NeedsLock(session.Host);
            if (ReferenceEquals(slot.Session, session) && report.Number > slot.LastNumber)
            {
                slot.Report = report;
                slot.LastNumber = report.Number;
            }
        }
    }

    public void Measure(IHostSession session, HostMeasures measures)
    {
        lock (_lock)
        {
            var slot = SlotOf_NeedsLock(session.Host);
            slot.Measures = ReferenceEquals(slot.Session, session) ? measures : slot.Measures;
        }
    }

    public void Subscribe(IHostSession session, NamingSubscription subscription)
    {
        lock (_lock)
        {
            var slot = SlotOf_NeedsLock(session.Host);
            slot.Subscription = ReferenceEquals(slot.Session, session) ? subscription : slot.Subscription;
        }
    }

    public void Confirm(IHostSession session, NamingConfirmation confirmation)
    {
        lock (_lock)
        {
            var slot = SlotOf_NeedsLock(session.Host);
            slot.Confirmation = ReferenceEquals(slot.Session, session) ? confirmation : slot.Confirmation;
        }
    }

    public void Close(IHostSession session)
    {
        lock (_lock)
        {
            var slot = SlotOf_NeedsLock(session.Host);
            if (ReferenceEquals(slot.Session, session))
            {
                slot.Session = null;
                slot.Closed = true;
            }
        }
    }

    public IHostSession? Find(HostId host)
    {
        lock (_lock)
        {
            return SlotOf_NeedsLock(host).Session;
        }
    }

    /// <summary>Takes what has come in since the last time, in the order in which it has to be understood.</summary>
    public ImmutableArray<SpeakerInput> Drain()
    {
        var inputs = ImmutableArray.CreateBuilder<SpeakerInput>();
        lock (_lock)
        {
            foreach (var (host, slot) in _slots)
            {
                if (slot.Hello is { } hello)
                {
                    inputs.Add(new SpeakerInput.Connected(host, hello.Description));
                }

                if (slot.Report is { } report)
                {
                    inputs.Add(new SpeakerInput.Reported(host, report));
                }

                if (slot.Measures is { } measures)
                {
                    inputs.Add(new SpeakerInput.Measured(host, measures));
                }

                if (slot.Subscription is { } subscription)
                {
                    inputs.Add(new SpeakerInput.Subscribed(host, subscription));
                }

                if (slot.Confirmation is { } confirmation)
                {
                    inputs.Add(new SpeakerInput.Confirmed(host, confirmation));
                }

                if (slot.Closed)
                {
                    inputs.Add(new SpeakerInput.Disconnected(host));
                }

                slot.Hello = null;
                slot.Report = null;
                slot.Measures = null;
                slot.Subscription = null;
                slot.Confirmation = null;
                slot.Closed = false;
            }
        }

        return inputs.ToImmutable();
    }

    private Slot SlotOf_NeedsLock(HostId host)
    {
        if (!_slots.TryGetValue(host, out var slot))
        {
            _slots[host] = slot = new Slot();
        }

        return slot;
    }

    private sealed class Slot
    {
        public IHostSession? Session { get; set; }

        public AgentHello? Hello { get; set; }

        public HostReport? Report { get; set; }

        public HostMeasures? Measures { get; set; }

        public NamingSubscription? Subscription { get; set; }

        public NamingConfirmation? Confirmation { get; set; }

        /// <summary>Of the newest report of this session: an older one that arrives late says what is no longer so.</summary>
        public long LastNumber { get; set; }

        public bool Closed { get; set; }
    }
}
