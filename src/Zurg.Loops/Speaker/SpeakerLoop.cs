using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Loops;

/// <summary>
/// Serves the sessions of its hosts: commits what they report, then says what they must run. Sessions never wait for it: each
/// leaves its newest word in a slot of <see cref="HostSlots"/>.
/// </summary>
public sealed partial class SpeakerLoop(
    IStateStore store, IClusterView view, IEventLog events, RoleGuard guard, TimeProvider time, ILogger<SpeakerLoop> logger)
    : ISpeaker
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);

    private readonly HostSlots _slots = new();
    private readonly Channel<bool> _wake =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly SteadyClock _clock = new(time);
    private SpeakerState _state = SpeakerState.Empty;

    // Of the newest commit of this speaker: every fact that it ever wrote is in the store there.
    private Revision _written;

    public void Connected(IHostSession session, AgentHello hello)
    {
        if (_slots.Open(session, hello) is { } older)
        {
            older.Refuse("a newer session of this host has been opened");
        }

        _wake.Writer.TryWrite(true);
    }

    public void Reported(IHostSession session, HostReport report)
    {
        _slots.Report(session, report);
        _wake.Writer.TryWrite(true);
    }

    public void Measured(IHostSession session, HostMeasures measures)
    {
        _slots.Measure(session, measures);
        _wake.Writer.TryWrite(true);
    }

    public void Subscribed(IHostSession session, NamingSubscription subscription)
    {
        _slots.Subscribe(session, subscription);
        _wake.Writer.TryWrite(true);
    }

    public void Confirmed(IHostSession session, NamingConfirmation confirmation)
    {
        _slots.Confirm(session, confirmation);
        _wake.Writer.TryWrite(true);
    }

    /// <summary>Every host that follows the service, and what each uses. Any thread may ask.</summary>
    public ImmutableArray<ServiceFollower> FollowersOf(ServiceName service) =>
        SpeakerMachine.FollowersOf(Volatile.Read(ref _state), service);

    /// <summary>The newest reading of a host of this speaker; null before the first one. Any thread may ask.</summary>
    public HostMeasures? MeasuresOf(HostId host) => Volatile.Read(ref _state).Hosts.GetValueOrDefault(host)?.Measures;

    public void Disconnected(IHostSession session)
    {
        _slots.Close(session);
        _wake.Writer.TryWrite(true);
    }

    /// <exception cref="RoleLostException">Another master speaks now.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var wakers = Task.WhenAll(WakeOnViewAsync(ended.Token), WakeOnTimeAsync(ended.Token));
        try
        {
            while (await _wake.Reader.WaitToReadAsync(stop))
            {
                _wake.Reader.TryRead(out _);
                await StepAsync(stop);
            }
        }
        finally
        {
            ended.Cancel();

            // Waited for, so that nothing of this loop outlives it; what went wrong in there came through the channel.
            await wakers.ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current);
        }
    }

    /// <summary>One round: everything that has come in, one set of commits, then the words.</summary>
    private async Task StepAsync(CancellationToken stop)
    {
        var commits = Decide(_clock.Now);
        while (!await TryKeepAsync(commits, stop))
        {
            // Nothing is said before it is durable. What comes in meanwhile waits in its slots.
            await Task.Delay(RetryAfter, time, stop);
        }

        Speak(commits);
    }

    private async Task<bool> TryKeepAsync(List<SpeakerCommit> commits, CancellationToken stop)
    {
        try
        {
            if (!await CommitAsync(commits, stop) && commits.Any(c => !c.Follows.IsEmpty))
            {
                await DemandOfficeAsync(stop);
            }

            await KeepEventsAsync(commits, stop);
            return true;
        }
        catch (StoreFaultException e)
        {
            // Perhaps it landed (SAFETY.md E2): the same facts written again say the same, and events are kept once.
            Log.StoreFault(logger, e);
            return false;
        }
    }

    private List<SpeakerCommit> Decide(DateTimeOffset now)
    {
        var commits = new List<SpeakerCommit>();
        var (cluster, naming) = view.Current;
        guard.Check(cluster);
        if (!ReferenceEquals(cluster, _state.Cluster))
        {
            Apply(new SpeakerInput.ClusterChanged(cluster, naming));
        }

        foreach (var input in _slots.Drain())
        {
            Apply(input);
        }

        Apply(new SpeakerInput.Tick());
        return commits;

        void Apply(SpeakerInput input)
        {
            var commit = SpeakerMachine.Step(_state, input, now);
            Volatile.Write(ref _state, commit.State);
            commits.Add(commit);
        }
    }

    /// <returns>Whether there was anything to write.</returns>
    private async Task<bool> CommitAsync(List<SpeakerCommit> commits, CancellationToken stop)
    {
        var any = false;
        foreach (var bite in SpeakerWrites.Of(commits))
        {
            any = true;
            if (await store.CommitAsync(new StoreCommit([guard.Expectation], bite), stop)
                is not CommitOutcome.Committed(var revision))
            {
                throw new RoleLostException(guard);
            }

            // A removal that was repeated changes nothing, and no view ever comes to its revision.
            _written = bite.Any(w => w.Value is not null) ? revision : _written;
        }

        return any;
    }

    /// <summary>
    /// Facts that need no write were this speaker's last word. Only while it is in office are they still what the store says: a
    /// deposed one must not let a host in that its successor does not wait for.
    /// </summary>
    private async Task DemandOfficeAsync(CancellationToken stop)
    {
        var office = await store.ListAsync(guard.Key, at: null, stop);
        if (office.Entries.FirstOrDefault(e => e.Key == guard.Key)?.Modified != guard.Taken)
        {
            throw new RoleLostException(guard);
        }
    }

    private async Task KeepEventsAsync(List<SpeakerCommit> commits, CancellationToken stop)
    {
        foreach (var kept in commits.SelectMany(c => c.Kept).Where(k => !k.Events.IsEmpty))
        {
            await events.AppendAsync(kept.Host, kept.Events, stop);
        }

        var own = commits.SelectMany(c => c.Events).ToImmutableArray();
        if (!own.IsEmpty)
        {
            await events.AppendAsync(agent: null, own, stop);
        }
    }

    private void Speak(List<SpeakerCommit> commits)
    {
        foreach (var refusal in commits.SelectMany(c => c.Refusals))
        {
            Log.Refused(logger, refusal.Host, refusal.Reason);
            _slots.Find(refusal.Host)?.Refuse(refusal.Reason);
        }

        foreach (var assignment in commits.SelectMany(c => c.Assignments))
        {
            _slots.Find(assignment.Host)?.Assign(assignment);
        }

        foreach (var follows in commits.SelectMany(c => c.Follows))
        {
            _slots.Find(follows.Host)?.Follow(follows.Services, _written);
        }

        foreach (var kept in commits.SelectMany(c => c.Kept))
        {
            _slots.Find(kept.Host)?.KeepEvents(kept.UpTo);
        }
    }

    private async Task WakeOnViewAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var _ in view.WatchAsync(stop))
            {
                _wake.Writer.TryWrite(true);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _wake.Writer.TryComplete(e);   // the loop ends with it instead of sleeping on
        }
    }

    private async Task WakeOnTimeAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(TickEvery, time, stop);
            _wake.Writer.TryWrite(true);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Warning, "The store did not confirm facts; nothing was said, trying again")]
        public static partial void StoreFault(ILogger logger, Exception e);

        [LoggerMessage(2202, LogLevel.Warning, "The session of {Host} is ended: {Reason}")]
        public static partial void Refused(ILogger logger, HostId host, string reason);
    }
}
