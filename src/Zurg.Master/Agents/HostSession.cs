using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Zurg.Loops;
using Zurg.Master.Naming;
using Zurg.Master.Usage;
using Zurg.Protocol;

namespace Zurg.Master.Agents;

/// <summary>
/// One agent's session after its hello: a reader that never waits for anybody but the agent, and a writer that sends what the
/// slots hold. It ends as soon as either of the two does.
/// </summary>
internal sealed partial class HostSession(
    SessionSocket socket, AgentHello hello, ISpeaker speaker, NamingFanOut naming, UseLog uses, ILogger logger)
    : IHostSession, INamingSubscriber
{
    /// <summary>
    /// An agent reports each second: a session without any message for so long is only a socket that nobody closed.
    /// </summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30);

    private readonly SessionSlots _slots = new();
    private readonly SessionNaming _naming = new(naming);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<AgentMessage>> _asked = new();
    private long _nonce;
    private long _unknown;
    private long _repaired;
    private volatile bool _isOver;

    public HostId Host => hello.Host;

    public Epoch AgentEpoch => hello.AgentEpoch;

    /// <summary>Messages without a part that this build knows.</summary>
    public long Unknown => Volatile.Read(ref _unknown);

    /// <summary>Sets that the host had lost, or had otherwise than this master, and was told again.</summary>
    public long Repaired => Volatile.Read(ref _repaired);

    public void Assign(Assignment assignment) => _slots.Assign(assignment);

    public void KeepEvents(long number) => _slots.KeepEvents(number);

    public void Follow(ImmutableArray<ServiceName> services, Revision since) => _naming.Follow(this, services, since);

    public void Refuse(string reason) => _slots.Refuse(reason);

    public void Offer(EndpointPush push) => _slots.Offer(push);

    /// <summary>Asks the agent for a piece of a log; null when too many ask already.</summary>
    /// <param name="ask">Its nonce is given here.</param>
    /// <exception cref="OperationCanceledException">No answer before <paramref name="stop"/>, or the session ended.</exception>
    public async Task<LogChunk?> ReadLogAsync(LogRequest ask, CancellationToken stop) =>
        (await AskAsync(nonce => new MasterMessage { Log = ask with { Nonce = nonce } }, stop))?.Log;

    /// <summary>Asks the agent and waits for what comes back with the nonce; null when too many ask already.</summary>
    /// <exception cref="OperationCanceledException">No answer before <paramref name="stop"/>, or the session ended.</exception>
    public async Task<AgentMessage?> AskAsync(Func<long, MasterMessage> ask, CancellationToken stop)
    {
        var nonce = Interlocked.Increment(ref _nonce);
        var answer = _asked[nonce] = new TaskCompletionSource<AgentMessage>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        if (_isOver)
        {
            // Found while the session was closing: the end has passed, so nobody else would cancel it.
            answer.TrySetCanceled(CancellationToken.None);
        }

        try
        {
            return _slots.TryAsk(ask(nonce)) ? await answer.Task.WaitAsync(stop) : null;
        }
        finally
        {
            _asked.TryRemove(nonce, out _);
        }
    }

    /// <summary>Tells the agent something that it answers elsewhere; false when too much waits already.</summary>
    public bool TryTell(MasterMessage message) => _slots.TryAsk(message);

    /// <summary>Until the peer closes, either side fails, or <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        speaker.Connected(this, hello);
        if (hello.Description.WatchesUses is true)
        {
            _slots.KeepUses(0);
        }

        var reader = ReadAsync(end.Token);
        var writer = WriteAsync(end.Token);
        var first = await Task.WhenAny(reader, writer);
        _naming.Leave(this);
        speaker.Disconnected(this);
        await end.CancelAsync();
        await Task.WhenAll(reader, writer)
            .ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _isOver = true;
        foreach (var asked in _asked.Values)
        {
            asked.TrySetCanceled(CancellationToken.None);
        }

        var (status, reason) = first.Exception?.InnerException switch
        {
            SessionEndedException e => (e.Status, e.Message),
            { } e => (WebSocketCloseStatus.InternalServerError, e.Message),
            null when stop.IsCancellationRequested => (WebSocketCloseStatus.EndpointUnavailable, "the master stops"),
            null => (WebSocketCloseStatus.NormalClosure, ""),
        };
        Log.Ended(logger, Host, reason.Length > 0 ? reason : "the agent closed it");
        await socket.CloseAsync(status, reason);
    }

    private async Task ReadAsync(CancellationToken stop)
    {
        while (await socket.ReadAsync(SessionSocket.MessageBytesMax, SilenceMax, stop) is { } message)
        {
            Dispatch(message);
        }
    }

    // The one place where an agent's words enter; nothing here waits.
    private void Dispatch(AgentMessage message)
    {
        switch (message)
        {
            case { Report: { Events.Length: > HostReport.EventsMax } report }:
                throw new SessionEndedException(
                    WebSocketCloseStatus.PolicyViolation,
                    $"{report.Events.Length} events in one report: at most {HostReport.EventsMax}");
            case { Report: { } report }:
                speaker.Reported(this, report);
                break;
            case { Measures: { } measures }:
                speaker.Measured(this, measures);
                break;
            case { Naming: { } subscription }:
                _naming.Ask(this, subscription.Services);
                speaker.Subscribed(this, subscription);
                break;
            case { Confirmed: { } confirmation }:
                speaker.Confirmed(this, confirmation);
                break;
            case { Known: { } known }:
                if (_naming.Check(this, known) is { IsEmpty: false } lost)
                {
                    Interlocked.Add(ref _repaired, lost.Length);
                    Log.Repaired(logger, Host, string.Join(", ", lost));
                }

                break;
            case { Uses: { Sightings.Length: > HostUses.SightingsMax } said }:
                throw new SessionEndedException(
                    WebSocketCloseStatus.PolicyViolation,
                    $"{said.Sightings.Length} sightings in one message: at most {HostUses.SightingsMax}");
            case { Uses: { } said }:
                uses.Take(Host, said, _slots.KeepUses);
                break;
            case { Nonce: { } nonce }:
                if (_asked.TryGetValue(nonce, out var asked))
                {
                    asked.TrySetResult(message);
                }

                break;
            case { Hello: not null }:
                throw new SessionEndedException(WebSocketCloseStatus.PolicyViolation, "a second hello");
            default:
                if (Interlocked.Increment(ref _unknown) == 1)
                {
                    Log.NotUnderstood(logger, Host, hello.Description.Build);
                }

                break;
        }
    }

    private async Task WriteAsync(CancellationToken stop)
    {
        while (true)
        {
            await _slots.WaitAsync(stop);
            var (messages, refusal) = _slots.Take();
            foreach (var message in messages)
            {
                await socket.SendAsync(message);
            }

            if (refusal is not null)
            {
                throw new SessionEndedException(WebSocketCloseStatus.PolicyViolation, refusal);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Information, "The session of {Host} ended: {Reason}")]
        public static partial void Ended(ILogger logger, HostId host, string reason);

        [LoggerMessage(
            2102, LogLevel.Warning,
            "{Host} (build {Build}) says things that this build does not know: they are counted and left aside")]
        public static partial void NotUnderstood(ILogger logger, HostId host, string build);

        [LoggerMessage(
            2103, LogLevel.Warning,
            "{Host} did not have the newest endpoints of {Services}, though it was told: they are sent again")]
        public static partial void Repaired(ILogger logger, HostId host, string services);
    }
}
