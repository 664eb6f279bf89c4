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
        seen.AddRange(sources.Followers().Select(f => new SeenUse(
            f.Service, UseEvidence.Follows, f.Files is { } instance ? new UseClient(instance) : desk.ClientOf(f.Process))));
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
        var owners = _owners.Of(uses.Clients.Select(c => c.Inode).Where(i => i != 0).ToHashSet());
        foreach (var (service, local, inode) in uses.Clients)
        {
            // This process asks probes and carries connections for others: it is nobody's consumer itself.
            if (owners.GetValueOrDefault(inode) is not { } pid)
            {
                seen.Add(new SeenUse(
                    service, UseEvidence.Connected, new UseClient(null, Address: IpNumber.TextOf(local.Address))));
            }
            else if (pid != Environment.ProcessId && ProcessStat.Read(pid) is { } process)
            {
                seen.Add(new SeenUse(service, UseEvidence.Connected, desk.ClientOf(process.Identity)));
            }
        }

        seen.AddRange(uses.From.Select(UseOf));
        passed.AddRange(uses.Passed.Select(UseOf));
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
