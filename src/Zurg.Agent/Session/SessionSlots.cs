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
    private HostReport? _report;
    private long _reportAt;
    private NamingSubscription? _naming;
    private bool _namingDue;
    private NamingConfirmation? _confirmed;
    private bool _confirmedDue;
    private HostMeasures? _measures;
    private bool _measuresDue;
    private HostUses? _uses;
    private KnownSets? _known;
    private bool _sending;

    /// <summary>Nothing waits, and what was taken last has been sent.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                return !_sending && !_namingDue && !_confirmedDue && !_measuresDue && _uses is null && _known is null
                    && _report is null && _answers.Count == 0;
            }
        }
    }

    public void Put(HostReport report)
    {
        lock (_lock)
        {
            (_report, _reportAt) = (report, time.GetTimestamp());
        }

        _signal.Writer.TryWrite(true);
    }

    public void Put(NamingSubscription naming)
    {
        lock (_lock)
        {
            (_naming, _namingDue) = (naming, true);
        }

        _signal.Writer.TryWrite(true);
    }

    public void Put(NamingConfirmation confirmed)
    {
        lock (_lock)
        {
            (_confirmed, _confirmedDue) = (confirmed, true);
        }

        _signal.Writer.TryWrite(true);
    }

    public void Put(HostMeasures measures)
    {
        lock (_lock)
        {
            (_measures, _measuresDue) = (measures, true);
        }

        _signal.Writer.TryWrite(true);
    }

    public void Put(HostUses uses)
    {
        lock (_lock)
        {
            _uses = uses;
        }

        _signal.Writer.TryWrite(true);
    }

    public void Put(KnownSets known)
    {
        lock (_lock)
        {
            _known = known;
        }

        _signal.Writer.TryWrite(true);
    }

    public void Put(AgentMessage answer)
    {
        lock (_lock)
        {
            if (_answers.Count < AnswersMax)
            {
                _answers.Enqueue(answer);
            }
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>
    /// A new session: the master knows nothing of what this host follows and uses, and nobody waits for the last one's answers.
    /// </summary>
    public void Begin()
    {
        lock (_lock)
        {
            _namingDue = _naming is not null;
            _confirmedDue = _confirmed is not null;
            _measuresDue = _measures is not null;
            _answers.Clear();
            _known = null;   // this session's master tells each set anew
            _uses = null;   // the master asks for them when it is ready to keep them
            _report = _report is not null && time.GetElapsedTime(_reportAt) <= ReportFresh ? _report : null;
        }

        _signal.Writer.TryWrite(true);
    }

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

    private AgentMessage? Next_NeedsLock()
    {
        if (_namingDue)
        {
            _namingDue = false;
            return new AgentMessage { Naming = _naming };
        }

        if (_confirmedDue)
        {
            _confirmedDue = false;
            return new AgentMessage { Confirmed = _confirmed };
        }

        if (_report is { } report)
        {
            _report = null;
            return new AgentMessage { Report = report };
        }

        if (_measuresDue)
        {
            _measuresDue = false;
            return new AgentMessage { Measures = _measures };
        }

        if (_uses is { } uses)
        {
            _uses = null;
            return new AgentMessage { Uses = uses };
        }

        if (_known is { } known)
        {
            _known = null;
            return new AgentMessage { Known = known };
        }

        return _answers.TryDequeue(out var answer) ? answer : null;
    }

    /// <summary>Until something may be there.</summary>
    public async ValueTask WaitAsync(CancellationToken stop) => await _signal.Reader.ReadAsync(stop);
}
