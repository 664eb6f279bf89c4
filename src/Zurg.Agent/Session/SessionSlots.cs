using System.Threading.Channels;
using Zurg.Protocol;

namespace Zurg.Agent.Session;

/// <summary>
/// What waits to be sent to the master. Putting something in never waits: a newer report replaces the one before, so a master
/// that reads slowly delays nobody.
/// </summary>
internal sealed class SessionSlots(TimeProvider time)
{
    /// <summary>A report that lay here for longer while there was no session is no sign of life and is not sent.</summary>
    public static readonly TimeSpan ReportFresh = TimeSpan.FromSeconds(2);

    /// <summary>Answers to requests; more are dropped, and the asker's own timeout tells.</summary>
    public const int AnswersMax = 64;

    private readonly Lock _lock = new();
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Queue<AgentMessage> _answers = new();
    private readonly Slot<HostReport> _report = new(report => new AgentMessage { Report = report });
    private readonly Slot<NamingSubscription> _naming = new(naming => new AgentMessage { Naming = naming });
    private readonly Slot<NamingConfirmation> _confirmed = new(confirmed => new AgentMessage { Confirmed = confirmed });
    private readonly Slot<HostMeasures> _measures = new(measures => new AgentMessage { Measures = measures });
    private readonly Slot<HostUses> _uses = new(uses => new AgentMessage { Uses = uses });
    private readonly Slot<KnownSets> _known = new(known => new AgentMessage { Known = known });
    private long _reportAt;
    private bool _sending;

    /// <summary>Nothing waits, and what was taken last has been sent.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                return !_sending && !_naming.IsDue && !_confirmed.IsDue && !_measures.IsDue && !_uses.IsDue && !_known.IsDue
                    && !_report.IsDue && _answers.Count == 0;
            }
        }
    }

    public void Put(HostReport report) => Fill(() =>
    {
        _report.Put(report);
        _reportAt = time.GetTimestamp();
    });

    public void Put(NamingSubscription naming) => Fill(() => _naming.Put(naming));

    public void Put(NamingConfirmation confirmed) => Fill(() => _confirmed.Put(confirmed));

    public void Put(HostMeasures measures) => Fill(() => _measures.Put(measures));

    public void Put(HostUses uses) => Fill(() => _uses.Put(uses));

    public void Put(KnownSets known) => Fill(() => _known.Put(known));

    public void Put(AgentMessage answer) => Fill(() =>
    {
        if (_answers.Count < AnswersMax)
        {
            _answers.Enqueue(answer);
        }
    });

    /// <summary>
    /// A new session: the master knows nothing of what this host follows and uses, and nobody waits for the last one's answers.
    /// </summary>
    public void Begin() => Fill(() =>
    {
        _naming.Repeat();
        _confirmed.Repeat();
        _measures.Repeat();
        _answers.Clear();
        _known.Clear();   // this session's master tells each set anew
        _uses.Clear();   // the master asks for them when it is ready to keep them
        if (time.GetElapsedTime(_reportAt) > ReportFresh)
        {
            _report.Clear();
        }
    });

    /// <summary>
    /// The next message, subscriptions first; null when there is nothing to send. To call it again says that the last one was
    /// sent.
    /// </summary>
    public AgentMessage? Take()
    {
        lock (_lock)
        {
            var next = Next_NeedsLock();
            _sending = next is not null;
            return next;
        }
    }

    /// <summary>Until something may be there.</summary>
    public async ValueTask WaitAsync(CancellationToken stop) => await _signal.Reader.ReadAsync(stop);

    private AgentMessage? Next_NeedsLock() =>
        _naming.Take() ?? _confirmed.Take() ?? _report.Take() ?? _measures.Take() ?? _uses.Take() ?? _known.Take()
        ?? (_answers.TryDequeue(out var answer) ? answer : null);

    private void Fill(Action slot)
    {
        lock (_lock)
        {
            slot();
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>The newest of its kind, and whether it is still to be sent.</summary>
    private sealed class Slot<T>(Func<T, AgentMessage> message) where T : class
    {
        private T? _newest;

        public bool IsDue { get; private set; }

        public void Put(T newest) => (_newest, IsDue) = (newest, true);

        /// <summary>Null when it has been sent, or there is none.</summary>
        public AgentMessage? Take()
        {
            var due = IsDue ? message(_newest!) : null;
            IsDue = false;
            return due;
        }

        public void Repeat() => IsDue = _newest is not null;

        public void Clear() => (_newest, IsDue) = (null, false);
    }
}
