using System.Collections.Concurrent;
using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Usage;

/// <summary>
/// Where the doors of this host say who uses what: the local socket at each question, the watch of the sockets at each look. It
/// tells the master what it has not kept yet, once that asks.
/// </summary>
/// <param name="say">Must not wait; a newer word replaces one not yet sent.</param>
internal sealed class UseDesk(TimeProvider time, Action<HostUses> say) : IAgentObserver
{
    /// <summary>Processes whose client is remembered between their questions.</summary>
    private const int NamesMax = 1_024;

    private static readonly UseClient Unknown = new(null, "a process that was not found");

    private readonly Lock _lock = new();
    private readonly Signal _changed = new();
    private readonly ConcurrentDictionary<ProcessIdentity, UseClient> _names = new();
    private readonly ConcurrentDictionary<Stream, bool> _streams = new();
    private UseBook _book = UseBook.Begin(time.GetUtcNow());
    private AgentState? _own;

    // What the master has kept; null: it has not asked in this session.
    private long? _kept;

    public AgentState? Own => Volatile.Read(ref _own);

    public UseBook Book
    {
        get
        {
            lock (_lock)
            {
                return _book;
            }
        }
    }

    /// <summary>Raised when something that is told has changed.</summary>
    public Signal Changed => _changed;

    public void Observe(AgentState state) => Volatile.Write(ref _own, state);

    /// <summary>What an earlier agent kept. Before anything else is called.</summary>
    public void Begin(UseBook book) => Change(_ => book);

    /// <param name="process">Null when the kernel does not say who it is.</param>
    public void Asked(ServiceName service, ProcessIdentity? process)
    {
        var use = new SeenUse(service, UseEvidence.Asked, ClientOf(process));
        Change(b => b.See(use, time.GetUtcNow()));
    }

    /// <summary>It reads a stream until the answer is disposed of.</summary>
    public IDisposable Reads(ImmutableArray<ServiceName> services, ProcessIdentity? process)
    {
        var client = ClientOf(process);
        Joined(services, client);
        return new Stream(services, client, this);
    }

    /// <summary>It is a subscriber from now on.</summary>
    public void Joined(ImmutableArray<ServiceName> services, ProcessIdentity process) =>
        Joined(services, ClientOf(process));

    /// <summary>Those that read a stream now.</summary>
    public IEnumerable<SeenUse> Streams() =>
        _streams.Keys.SelectMany(s => s.Services.Select(service => new SeenUse(service, UseEvidence.Follows, s.Client)));

    /// <summary>Everything that goes on, as a whole look found it, and who was there and is gone.</summary>
    public void Look(IReadOnlyCollection<SeenUse> seen, IReadOnlyCollection<SeenUse> passed)
    {
        var now = time.GetUtcNow();
        Change(b => passed.Aggregate(b.Look(seen, now), (book, use) => book.Pass(use, now)));
    }

    /// <summary>The master has kept everything up to this number, and hears what came after.</summary>
    public void Kept(long number)
    {
        lock (_lock)
        {
            _kept = number;
            Say_NeedsLock();
        }
    }

    public UseClient ClientOf(ProcessIdentity? process)
    {
        if (process is null)
        {
            return Unknown;
        }

        if (!_names.TryGetValue(process, out var client))
        {
            client = ClientNames.Of(process.Pid, Own);
            if (_names.Count >= NamesMax)
            {
                _names.Clear();
            }

            _names[process] = client;
        }

        return client;
    }

    private void Joined(ImmutableArray<ServiceName> services, UseClient client) => Change(b => services.Aggregate(
        b, (book, service) => book.See(new SeenUse(service, UseEvidence.Follows, client), time.GetUtcNow())));

    private void Change(Func<UseBook, UseBook> change)
    {
        lock (_lock)
        {
            var before = _book.Number;
            _book = change(_book);
            if (_book.Number == before)
            {
                return;
            }

            Say_NeedsLock();
        }

        _changed.Raise();
    }

    private void Say_NeedsLock()
    {
        if (_kept is { } kept && _book.After(kept) is { } news)
        {
            say(news);
        }
    }

    private sealed class Stream : IDisposable
    {
        private readonly UseDesk _desk;

        public Stream(ImmutableArray<ServiceName> services, UseClient client, UseDesk desk)
        {
            (Services, Client, _desk) = (services, client, desk);
            desk._streams[this] = true;
        }

        public ImmutableArray<ServiceName> Services { get; }

        public UseClient Client { get; }

        public void Dispose() => _desk._streams.TryRemove(this, out _);
    }
}
