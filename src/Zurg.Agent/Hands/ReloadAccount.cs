using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>What the brain is told of one signal: news at once, a wait when it is long, and of that not every moment.</summary>
internal sealed class ReloadAccount(
    AgentEffect.Reload reload, HostId host, TimeProvider time, Func<AgentInput, CancellationToken, ValueTask> tell)
{
    /// <summary>A shorter wait is none that people have to hear of.</summary>
    public static readonly TimeSpan TellAfter = TimeSpan.FromSeconds(3);

    /// <summary>The same wait is told again so often: its words say for how long.</summary>
    public static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(10);

    private long _began = time.GetTimestamp();
    private long _toldAt;
    private ReloadProgress _told = ReloadProgress.Waits;

    /// <summary>The wait for a handler before, then for the effect.</summary>
    public TimeSpan Since => time.GetElapsedTime(_began);

    /// <summary>The signal was sent.</summary>
    public void Sent()
    {
        _began = time.GetTimestamp();
        _toldAt = 0;
    }

    public async Task WaitsAsync(ReloadProgress progress, Func<string> text, string? mend, CancellationToken stop)
    {
        var isDue = Since >= TellAfter && (_toldAt == 0 || time.GetElapsedTime(_toldAt) >= TellEvery);
        if (isDue || progress != _told)
        {
            _toldAt = isDue ? time.GetTimestamp() : _toldAt;
            _told = progress;
            await SayAsync(progress, isDue || _toldAt != 0 ? text() : null, mend, stop);
        }
    }

    public ValueTask SayAsync(ReloadProgress progress, string? hold, string? mend, CancellationToken stop) => tell(
        new AgentInput.ReloadTold(
            reload.Assigned.Instance, reload.Incarnation, reload.Name, reload.SentAt, progress,
            hold is null ? null : new Hold(HoldReason.WaitsForReload, hold, mend)
            {
                Service = reload.Assigned.Instance.Service,
                Instance = reload.Assigned.Instance,
                Host = host,
            }),
        stop);
}
