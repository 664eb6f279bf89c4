using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Usage;

/// <summary>A subscriber of this host.</summary>
/// <param name="Files">Set when it is the agent itself, for the generated files of an instance.</param>
internal sealed record LocalFollower(ServiceName Service, ProcessIdentity Process, InstanceId? Files);

/// <summary>What the other rooms know of uses.</summary>
/// <param name="Connections">With true, those that have just ended too.</param>
internal sealed record UseSources(
    Func<ImmutableArray<LocalFollower>> Followers, Func<ImmutableArray<EndpointSet>> Sets,
    Func<bool, List<TcpConnection>> Connections);

/// <summary>
/// Looks every ten seconds who follows and who is connected, so that a client that is there for twenty is seen with its name; and
/// keeps what is seen in a file.
/// </summary>
internal sealed partial class UseWatch(
    UseDesk desk, UseSources sources, UsesFile file, TimeProvider time, ILogger<UseWatch> logger)
{
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    /// <summary>Each so many looks also at connections that are over: the kernel forgets them after a minute.</summary>
    private const int OverEvery = 4;

    /// <summary>How exactly a successor knows until when this agent watched.</summary>
    public static readonly TimeSpan TouchEvery = TimeSpan.FromMinutes(1);

    /// <summary>Changes within this time are one write.</summary>
    private static readonly TimeSpan SaveAfter = TimeSpan.FromMilliseconds(200);

    private readonly SocketOwners _owners = new();
    private long _looks;
    private long _saved = -1;
    private DateTimeOffset _touched;
    private string _problem = "";

    /// <summary>Searches of all processes for the owner of a socket.</summary>
    public long Searches => _owners.Searches;

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            var lookedAt = time.GetTimestamp();
            Look();
            while (true)
            {
                var seen = desk.Changed.Count;
                Save();
                await WaitAsync(seen, LookEvery - time.GetElapsedTime(lookedAt), stop);
                if (time.GetElapsedTime(lookedAt) >= LookEvery)
                {
                    lookedAt = time.GetTimestamp();
                    Look();
                }
            }
        }
        finally
        {
            Save();
        }
    }

    /// <summary>One whole look.</summary>
    public void Look()
    {
        var seen = desk.Streams().ToList();
        seen.AddRange(sources.Followers().SelectMany(Following));
        var passed = new List<SeenUse>();
        try
        {
            LookAtSockets(seen, passed);
            _problem = "";
        }
        catch (IOException e)
        {
            if (_problem != e.Message)
            {
                Log.NotSeen(logger, e.Message);   // the same trouble each ten seconds is told once
                _problem = e.Message;
            }
        }

        desk.Look(seen, passed);
    }

    private void LookAtSockets(List<SeenUse> seen, List<SeenUse> passed)
    {
        var ports = ServicePorts.Of(desk.Own, sources.Sets());
        if (ports.IsEmpty)
        {
            return;
        }

        var uses = SocketUses.Of(sources.Connections(_looks++ % OverEvery == 0), ports);
        seen.AddRange(Connected(uses.Clients));
        seen.AddRange(uses.From.Select(UseOf));
        passed.AddRange(uses.Passed.Select(UseOf));
    }

    private IEnumerable<SeenUse> Following(LocalFollower follower) =>
        (follower.Files is { } instance ? new UseClient(instance) : Named(follower.Process)) is { } client
            ? [new SeenUse(follower.Service, UseEvidence.Follows, client)]
            : [];

    /// <summary>
    /// A socket without an owner belongs to a user whose files this agent may not see, if it is still there: one that was closed
    /// while its owner was looked for, as a probe's is, had no client that goes on.
    /// </summary>
    private IEnumerable<SeenUse> Connected(ImmutableArray<ClientSocket> sockets)
    {
        var owners = _owners.Of(sockets.Select(s => s.Inode).Where(i => i != 0).ToHashSet());
        var hidden = sockets.Where(s => s.Inode != 0 && owners[s.Inode] is null).ToList();
        var open = hidden.Count > 0 ? sources.Connections(false).Select(c => c.Inode).ToHashSet() : [];
        foreach (var socket in hidden.Where(s => open.Contains(s.Inode)))
        {
            var client = new UseClient(null, Address: IpNumber.TextOf(socket.Local.Address));
            yield return new SeenUse(socket.Service, UseEvidence.Connected, client);
        }

        // This process asks probes and carries connections for others: it is nobody's consumer itself.
        foreach (var socket in sockets.Where(s => owners.GetValueOrDefault(s.Inode) != Environment.ProcessId))
        {
            if (owners.GetValueOrDefault(socket.Inode) is { } pid
                && ProcessStat.Read(pid) is { } process && Named(process.Identity) is { } client)
            {
                yield return new SeenUse(socket.Service, UseEvidence.Connected, client);
            }
        }
    }

    /// <summary>Null once it has ended: nobody can tell its name any more, and under that it was seen before.</summary>
    private UseClient? Named(ProcessIdentity process)
    {
        var client = desk.ClientOf(process);
        return ProcessStat.IsAlive(process) ? client : null;
    }

    private static SeenUse UseOf(ForeignClient from) => new(
        from.Service, UseEvidence.ConnectedFrom, new UseClient(null, Address: IpNumber.TextOf(from.Address)));

    private void Save()
    {
        var book = desk.Book;
        var now = time.GetUtcNow();
        if (book.Number != _saved)
        {
            (_saved, _touched) = file.TrySave(book) ? (book.Number, now) : (_saved, _touched);
        }
        else if ((now - _touched).Duration() >= TouchEvery && file.TryTouch(now))
        {
            _touched = now;
        }
    }

    /// <summary>Until something changed and a little longer, or the time is over.</summary>
    private async Task WaitAsync(long seen, TimeSpan within, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(within > TimeSpan.Zero ? within : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        if (await desk.Changed.WaitAsync(seen, either.Token))
        {
            await Task.Delay(SaveAfter, time, stop);
        }

        stop.ThrowIfCancellationRequested();
    }

    private static partial class Log
    {
        [LoggerMessage(3903, LogLevel.Warning, "Connections to services cannot be seen on this host, trying again: {Problem}")]
        public static partial void NotSeen(ILogger logger, string problem);
    }
}
