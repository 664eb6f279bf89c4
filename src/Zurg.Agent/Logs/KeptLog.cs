using System.Globalization;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Logs;

/// <summary>One log that is kept, and what was said about it.</summary>
internal sealed class KeptLog(LogMover mover)
{
    /// <summary>What was cut is said at once and then at most so often, added up.</summary>
    private static readonly TimeSpan CutEvery = TimeSpan.FromMinutes(10);

    /// <summary>On a full disk some calls fail, some do not: only after so long without trouble it is over.</summary>
    private static readonly TimeSpan FineAfter = TimeSpan.FromMinutes(1);

    private bool _toldTrouble;
    private long _troubleAt;
    private long _toldCut;
    private long _toldCutAt;

    public LogMover Mover { get; private set; } = mover;

    public long Looked { get; set; }

    public TimeSpan Pace { get; set; }

    /// <summary>The process writes to a file that has no name any more.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>What is wrong with it, as a clause; null: nothing.</summary>
    public string? Trouble { get; set; }

    /// <summary>The same log in another file.</summary>
    public void GoOn(LogMover next)
    {
        Mover.Dispose();
        (Mover, _toldCut, IsRemoved) = (next, 0, false);
    }

    public void TellDue(InstanceId instance, Func<AgentInput, bool> tell, long now, TimeProvider time)
    {
        // A full disk says another sentence for every call that it fails: the first is enough.
        var has = Trouble is not null;
        _troubleAt = has ? now : _troubleAt;
        if (has != _toldTrouble && (has || time.GetElapsedTime(_troubleAt, now) >= FineAfter))
        {
            var text = has ? $"{instance}: {Trouble}" : $"{instance}: the log is kept as it should be again";
            _toldTrouble = tell(new AgentInput.Happened(EventKind.LogTrouble, instance, text)) ? has : _toldTrouble;
        }

        var cut = Mover.BytesGivenUp - _toldCut;
        if (cut > 0 && (_toldCutAt == 0 || time.GetElapsedTime(_toldCutAt, now) >= CutEvery))
        {
            var bytes = cut.ToString(CultureInfo.InvariantCulture);
            var text = $"{instance}: the oldest {bytes} bytes of the log were given up: "
                + "the disk is full, or too many came while no agent was there";
            if (tell(new AgentInput.Happened(EventKind.LogCut, instance, text)))
            {
                (_toldCut, _toldCutAt) = (Mover.BytesGivenUp, now);
            }
        }
    }
}
