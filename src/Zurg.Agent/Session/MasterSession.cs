using System.Diagnostics;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Session;

/// <param name="TokenFile">Read anew for each connection: a token may be changed without a restart.</param>
internal sealed record SessionOptions(Uri Master, string TokenFile)
{
    // Only to notice a connection that died without a word; a master that is merely slow must not lose its agents.
    public TimeSpan PingEvery { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan PongWithin { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// Keeps one session with the master: dials, says hello, sends what the slots hold, hands on what comes, and dials again. It
/// makes no report by itself: liveness is the agent loop's word (DESIGN.md section 3).
/// </summary>
internal sealed partial class MasterSession(
    SessionOptions options, ClusterMembership membership, SessionInbox inbox, TimeProvider time, ILogger<MasterSession> logger)
    : IMasterSession
{
    public static readonly TimeSpan RetryAfterMin = TimeSpan.FromMilliseconds(100);

    public static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(2);

    /// <summary>For the connection, and again for the welcome.</summary>
    public static readonly TimeSpan WelcomeWithin = TimeSpan.FromSeconds(5);

    /// <summary>A session that ended sooner counts as a failure: the next one is dialled later.</summary>
    public static readonly TimeSpan LastedMin = TimeSpan.FromSeconds(5);

    /// <summary>A master that does not return the goodbye is not waited for.</summary>
    private static readonly TimeSpan GoodbyeWithin = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan SentGrain = TimeSpan.FromMilliseconds(5);

    private readonly SessionSlots _slots = new(time);
    private readonly Random _random = new();
    private int _failures;
    private long _notUnderstood;
    private string _lastProblem = "";
    private bool _connected;

    /// <summary>Messages left aside because this build cannot read them.</summary>
    public long NotUnderstood => Volatile.Read(ref _notUnderstood);

    /// <summary>The master has let this agent in and the session lasts.</summary>
    public bool Connected => Volatile.Read(ref _connected);

    public void Report(HostReport report) => _slots.Put(report);

    /// <summary>The newest reading replaces the one before, and is said again in each session.</summary>
    public void Measure(HostMeasures measures) => _slots.Put(measures);

    /// <summary>The newest list of services replaces the one before, and is said again in each session.</summary>
    public void Subscribe(NamingSubscription naming) => _slots.Put(naming);

    /// <summary>The newest word of what is used here replaces the one before, and is said again in each session.</summary>
    public void Confirm(NamingConfirmation confirmed) => _slots.Put(confirmed);

    /// <summary>What the master has not kept of uses; a newer word replaces one not yet sent.</summary>
    public void Say(HostUses uses) => _slots.Put(uses);

    /// <summary>Which sets this host has.</summary>
    public void Say(KnownSets known) => _slots.Put(known);

    /// <summary>Gives the last words a chance: until everything was sent, or there is no session, or the time is over.</summary>
    public async Task SentAsync(TimeSpan within)
    {
        var began = time.GetTimestamp();
        while (Connected && !_slots.IsIdle && time.GetElapsedTime(began) < within)
        {
            await Task.Delay(SentGrain, time, CancellationToken.None);
        }
    }

    /// <summary>Until <paramref name="stop"/>; a session that ends is followed by the next one.</summary>
    /// <param name="hello">Its cluster id is filled in here.</param>
    public async Task RunAsync(AgentHello hello, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var problem = await HoldAsync(hello, stop);
            Volatile.Write(ref _connected, false);
            if (stop.IsCancellationRequested)
            {
                return;
            }

            // The same trouble each second is told once.
            if (problem != _lastProblem)
            {
                Log.Apart(logger, options.Master, problem);
                _lastProblem = problem;
            }

            await Task.Delay(NextWait(), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Doubles up to the most; half of it is chance, so that a fleet does not come back all at once.</summary>
    private TimeSpan NextWait()
    {
        var whole = RetryAfterMin * Math.Pow(2, Math.Min(_failures, 10));
        _failures++;
        whole = whole < RetryAfterMax ? whole : RetryAfterMax;
        return whole * (0.5 + (_random.NextDouble() / 2));
    }

    /// <returns>Why the session ended.</returns>
    private async Task<string> HoldAsync(AgentHello hello, CancellationToken stop)
    {
        long? began = null;
        try
        {
            using var socket = new ClientWebSocket();
            socket.Options.KeepAliveInterval = options.PingEvery;
            socket.Options.KeepAliveTimeout = options.PongWithin;
            socket.Options.Proxy = null;
            var session = new SessionSocket(socket, time);
            await LetInAsync(socket, session, hello, stop);
            began = time.GetTimestamp();
            Volatile.Write(ref _connected, true);
            _slots.Begin();
            Log.Connected(logger, options.Master);
            await TalkAsync(session, stop);
            return $"the master ended the session: {session.ClosedBecause ?? "no reason given"}";
        }
        catch (Exception e) when (IsFault(e))
        {
            return (e.InnerException ?? e).Message;
        }
        finally
        {
            // Let in and thrown out again at once is no success: dialling would become a hot loop.
            if (began is { } at && time.GetElapsedTime(at) >= LastedMin)
            {
                _failures = 0;
                _lastProblem = "";
            }
        }
    }

    /// <summary>Cancelled is what waits on an aborted socket, too: whether it is time to end is asked of the token.</summary>
    private static bool IsFault(Exception e) => e is WebSocketException or IOException or HttpRequestException
        or SessionEndedException or UnauthorizedAccessException or OperationCanceledException;

    private async Task LetInAsync(ClientWebSocket socket, SessionSocket session, AgentHello hello, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(WelcomeWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            var token = await AgentToken.ReadAsync(options.TokenFile, stop);
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
            await socket.ConnectAsync(SessionAddress(options.Master), either.Token);
            late.CancelAfter(WelcomeWithin);
            await session.SendAsync(new AgentMessage { Hello = hello with { ClusterId = membership.Id } }, either.Token);
            Check(Welcome(await session.ReadAsync(either.Token)));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new SessionEndedException($"no welcome within {WelcomeWithin.TotalSeconds} s");
        }
    }

    private static Uri SessionAddress(Uri master) =>
        new UriBuilder(new Uri(master, "v1/agents/session")) { Scheme = master.Scheme == Uri.UriSchemeHttps ? "wss" : "ws" }.Uri;

    private static MasterWelcome Welcome(ReadOnlyMemory<byte>? first) =>
        first is { } bytes && Inbound.Parse(bytes.Span) is Inbound.Understood { Message.Welcome: { } welcome }
            ? welcome
            : throw new SessionEndedException("the master's first message is no welcome");

    private void Check(MasterWelcome welcome)
    {
        if (welcome.Refusal is { } refusal)
        {
            throw new SessionEndedException($"the master does not let this agent in: {refusal}");
        }

        if (!membership.TryJoin(welcome.ClusterId))
        {
            throw new SessionEndedException(
                $"this is the master of another cluster ({welcome.ClusterId}); "
                + $"this agent belongs to {membership.Id} and takes nothing from it");
        }
    }

    private async Task TalkAsync(SessionSocket session, CancellationToken stop)
    {
        using var end = new CancellationTokenSource();

        // Of its own: the agent's token would keep what waits on it here for as long as the agent lives.
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var reader = ReadAsync(session, end.Token);
        var writer = WriteAsync(session, end.Token);
        try
        {
            await await Task.WhenAny(reader, writer, Task.Delay(Timeout.InfiniteTimeSpan, time, stopped.Token));
        }
        finally
        {
            // Goodbye before the reader is cancelled: that aborts the socket, and a goodbye not yet read by then may be lost.
            await session.CloseAsync(WebSocketCloseStatus.NormalClosure, "the agent ends this session");
            await Task.WhenAny(reader, Task.Delay(GoodbyeWithin, time, CancellationToken.None));
            await end.CancelAsync();
            await Task.WhenAll(reader, writer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(SessionSocket session, CancellationToken stop)
    {
        var begun = new List<Task>();
        try
        {
            while (await session.ReadAsync(stop) is { } bytes)
            {
                begun.RemoveAll(t => t.IsCompleted);
                begun.Add(await HearAsync(session, bytes, stop));
            }
        }
        finally
        {
            await Task.WhenAll(begun);
        }
    }

    /// <returns>What was begun in the background.</returns>
    private async ValueTask<Task> HearAsync(SessionSocket session, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        switch (Inbound.Parse(bytes.Span))
        {
            case Inbound.Understood { Message: var message }:
                return inbox.Take(message, _slots.Put, stop);
            case Inbound.NotUnderstood { Why: var why }:
                Interlocked.Increment(ref _notUnderstood);
                Log.NotUnderstood(logger, bytes.Length, why);
                return Task.CompletedTask;
            case Inbound.Broken { Why: var why }:
                await session.CloseAsync(WebSocketCloseStatus.InvalidPayloadData, "not JSON");
                throw new SessionEndedException($"the master sent something that is not JSON: {why}");
            default:
                throw new UnreachableException();
        }
    }

    private async Task WriteAsync(SessionSocket session, CancellationToken stop)
    {
        while (true)
        {
            while (_slots.Take() is { } message)
            {
                await session.SendAsync(message, stop);
            }

            await _slots.WaitAsync(stop);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3401, LogLevel.Information, "In session with {Master}")]
        public static partial void Connected(ILogger logger, Uri master);

        [LoggerMessage(3402, LogLevel.Warning, "No session with {Master}, trying again: {Problem}")]
        public static partial void Apart(ILogger logger, Uri master, string problem);

        [LoggerMessage(3403, LogLevel.Warning, "A message of {Bytes} bytes from the master is left aside: {Problem}")]
        public static partial void NotUnderstood(ILogger logger, int bytes, string problem);
    }
}
