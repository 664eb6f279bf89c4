using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Zurg.Agent.Processes;
using Zurg.Agent.Usage;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>
/// Who on this host uses which revision of a service, and what of it is said to the master: at once when it changes, and what
/// several changes of one moment come to only once.
/// </summary>
/// <param name="say">Takes the whole word; must not wait.</param>
/// <param name="file">Who is waited for over a restart of the agent; null: nobody.</param>
internal sealed class Subscribers(TimeProvider time, Action<NamingConfirmation> say, SubscribersFile? file)
{
    /// <summary>So many subscriptions of processes to services can be kept account of.</summary>
    public const int UsesMax = 20_000;

    /// <summary>Of them, what only this agent may take, for the files of instances and for what it carries.</summary>
    public const int OwnUses = 2_000;

    /// <summary>While half of the room is taken, so many are the most that one process can have.</summary>
    public const int UsesOfOneMax = 1_000;

    /// <summary>
    /// How often it is looked whether a subscriber's process still lives, and while one of them is waited for. What they use is
    /// written down as often: an older revision than the true one is on the safe side.
    /// </summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan LookSoon = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private LocalConfirmations _now = LocalConfirmations.Empty;
    private LocalConfirmations? _saidOf;
    private byte[] _said = [];
    private bool _someLate;
    private int _uses;
    private bool _unsaved;
    private long _savedAt;
    private long _looksLeft;
    private long _lookedAt;

    /// <summary>
    /// Those of an earlier agent whose processes still live: until each of them has confirmed something newer, nothing newer is
    /// said of what they use (DESIGN.md promise 2).
    /// </summary>
    public void Load()
    {
        foreach (var kept in file?.Load() ?? [])
        {
            // Those of generated files are found again with their instances; what was carried has ended.
            if (ProcessStat.IsAlive(kept.Subscriber.Process)
                && !OwnSubscribers.IsRelay(kept.Part) && !OwnSubscribers.IsFiles(kept.Part))
            {
                Change(s => s.Remember(kept.Service, kept.Subscriber, kept.Name, kept.AtLeast, time.GetUtcNow()));
            }
        }

        // Also to end a last line that was cut off, which another one would be added to.
        _unsaved = true;
        Save();
    }

    /// <summary>To be called before anybody is told of it.</summary>
    public void Took(ServiceName service, Revision revision) => Change(s => s.Took(service, revision, time.GetUtcNow()));

    /// <summary>To be called before a set is written to it.</summary>
    public void Tell(ServiceName service, SubscriberId subscriber, Revision revision)
    {
        lock (_lock)
        {
            var after = _now.Tell(service, subscriber, revision, time.GetUtcNow());
            // What is kept may be lower than the truth, never higher: this cannot wait for the next time that all is written.
            if (after.UseOf(service, subscriber) is { } use && use.Uses < _now.UseOf(service, subscriber)?.Uses)
            {
                file?.TryAdd(KeptUse.Of(service, use));
            }

            Set_NeedsLock(after);
        }
    }

    public void Forget(ServiceName service) => Change(s => s.Forget(service));

    public bool Follows(ServiceName service)
    {
        lock (_lock)
        {
            return _now.Follows(service);
        }
    }

    public bool Uses(ServiceName service, ProcessIdentity process)
    {
        lock (_lock)
        {
            return _now.Services.GetValueOrDefault(service)?.Uses.Keys.Any(u => u.Process == process) is true;
        }
    }

    /// <summary>Services that somebody here uses, or will.</summary>
    public ImmutableSortedSet<ServiceName> Followed()
    {
        lock (_lock)
        {
            return [.. _now.Services.Keys.Where(_now.Follows)];
        }
    }

    /// <summary>
    /// Everybody who uses a service here; of generated files the agent, and the instance that they are for. What the agent
    /// carries is used by those who connect, if anybody does.
    /// </summary>
    public ImmutableArray<LocalFollower> Followers()
    {
        LocalConfirmations now;
        lock (_lock)
        {
            now = _now;
        }

        return
        [
            .. from service in now.Services
               from subscriber in service.Value.Uses.Keys
               where !OwnSubscribers.IsRelay(subscriber.Part)
               select new LocalFollower(service.Key, subscriber.Process, OwnSubscribers.FilesOf(subscriber.Part)),
        ];
    }

    /// <summary>It is going to be given sets, and will be waited for until it has left or its process has ended.</summary>
    /// <returns>False when there are too many already, or too many of its process.</returns>
    public bool TryJoin(ServiceName service, SubscriberId subscriber, string name)
    {
        lock (_lock)
        {
            var after = _now.Join(service, subscriber, name);
            if (ReferenceEquals(after, _now))
            {
                return true;
            }

            if (!HasRoom_NeedsLock(subscriber.Process))
            {
                return false;
            }

            file?.TryAdd(KeptUse.Of(service, new SubscriberUse(subscriber, name, null, null)));
            Set_NeedsLock(after);
            return true;
        }
    }

    public ConfirmOutcome Confirm(ServiceName service, SubscriberId subscriber, Revision revision)
    {
        lock (_lock)
        {
            var (after, outcome) = _now.Confirm(service, subscriber, revision);
            Set_NeedsLock(after);
            return outcome;
        }
    }

    /// <returns>False when it did not follow the service.</returns>
    public bool Leave(ServiceName service, SubscriberId subscriber)
    {
        lock (_lock)
        {
            var after = _now.Leave(service, subscriber);
            var left = !ReferenceEquals(after, _now);
            Set_NeedsLock(after);
            return left;
        }
    }

    /// <summary>It uses nothing any more.</summary>
    public void Leave(SubscriberId subscriber) =>
        Change(s => s.Services.Keys.Aggregate(s, (after, service) => after.Leave(service, subscriber)));

    /// <summary>It is known to use the service, and not which set.</summary>
    public void Remember(ServiceName service, SubscriberId subscriber, string name) =>
        Change(s => s.Remember(service, subscriber, name, new Revision(0), time.GetUtcNow()));

    /// <summary>A stream broke: often its process has just ended.</summary>
    public void Suspect()
    {
        Interlocked.Exchange(ref _looksLeft, LookEvery.Ticks / LookSoon.Ticks);
        _signal.Writer.TryWrite(true);
    }

    /// <summary>Says what changes, and looks who has gone.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                Say();
                await WaitAsync(stop);
                Look();
                if (_savedAt == 0 || time.GetElapsedTime(_savedAt) >= LookEvery)
                {
                    Save();
                }
            }
        }
        finally
        {
            Save();
        }
    }

    /// <summary>What may be said now.</summary>
    public NamingConfirmation Word()
    {
        lock (_lock)
        {
            return _now.Word();
        }
    }

    private void Save()
    {
        _savedAt = time.GetTimestamp();
        lock (_lock)
        {
            if (_unsaved && file is not null)
            {
                _unsaved = !file.TryReplace(
                    _now.Services.SelectMany(s => s.Value.Uses.Values.Select(u => KeptUse.Of(s.Key, u))));
            }
        }
    }

    private void Say()
    {
        LocalConfirmations now;
        lock (_lock)
        {
            now = _now;
        }

        if (ReferenceEquals(now, _saidOf))
        {
            return;
        }

        var word = now.Word();
        var bytes = JsonSerializer.SerializeToUtf8Bytes(word, WireJson.Default.NamingConfirmation);
        (_saidOf, _someLate) = (now, word.Services.Any(s => !s.Late.IsEmpty));
        if (!bytes.AsSpan().SequenceEqual(_said))
        {
            _said = bytes;
            say(word);
        }
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        var soon = _someLate || Interlocked.Decrement(ref _looksLeft) > 0;
        var within = Volatile.Read(ref _uses) == 0 && !_unsaved ? Timeout.InfiniteTimeSpan : soon ? LookSoon : LookEvery;
        using var late = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            await _signal.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Time to look.
        }
    }

    /// <summary>A process that has ended uses nothing; one that is merely silent uses what it used.</summary>
    private void Look()
    {
        if (_lookedAt != 0 && time.GetElapsedTime(_lookedAt) < LookSoon)
        {
            return;
        }

        _lookedAt = time.GetTimestamp();
        LocalConfirmations now;
        lock (_lock)
        {
            now = _now;
        }

        var gone = now.Services.Values.SelectMany(s => s.Uses.Keys).Select(u => u.Process).Distinct()
            .Where(p => !ProcessStat.IsAlive(p)).ToHashSet();
        if (gone.Count > 0)
        {
            Change(s => s.End(gone));
        }
    }

    private bool HasRoom_NeedsLock(ProcessIdentity process) =>
        process == OwnSubscribers.Process ? _uses < UsesMax
        : _uses < UsesMax / 2
            || (_uses < UsesMax - OwnUses
                && _now.Services.Values.Sum(s => s.Uses.Keys.Count(u => u.Process == process)) < UsesOfOneMax);

    private void Change(Func<LocalConfirmations, LocalConfirmations> change)
    {
        lock (_lock)
        {
            Set_NeedsLock(change(_now));
        }
    }

    private void Set_NeedsLock(LocalConfirmations after)
    {
        if (!ReferenceEquals(after, _now))
        {
            var before = _uses;
            (_now, _uses) = (after, after.Count);
            _unsaved |= before > 0 || _uses > 0;
            _signal.Writer.TryWrite(true);
        }
    }
}
