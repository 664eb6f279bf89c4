using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Zurg.Loops;
using Zurg.Master.Naming;
using Zurg.Master.Usage;
using Zurg.Protocol;

namespace Zurg.Master.Agents;

/// <summary>Every session of this master, the newest of each host. Lets agents in and says why when it does not.</summary>
internal sealed partial class AgentSessions(
    ClusterIdentity identity, ISpeaker speaker, NamingFanOut naming, UseLog uses, TimeProvider time, ILogger logger)
{
    /// <summary>From the opened socket to the hello.</summary>
    public static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(5);

    /// <summary>A hello holds a host's labels, no more: 16 KiB.</summary>
    public const int HelloBytesMax = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<HostId, HostSession> _newest = [];

    /// <summary>The host's newest session; null when it has none.</summary>
    public HostSession? Find(HostId host)
    {
        lock (_lock)
        {
            return _newest.GetValueOrDefault(host);
        }
    }

    /// <summary>Holds one session from its first word to its last.</summary>
    public async Task RunAsync(WebSocket webSocket, CancellationToken stop)
    {
        var socket = new SessionSocket(webSocket, time);
        try
        {
            if (await LetInAsync(socket, stop) is { } hello)
            {
                await HoldAsync(new HostSession(socket, hello, speaker, naming, uses, logger), stop);
            }
        }
        catch (SessionEndedException e)
        {
            Log.NotLetIn(logger, e.Message);
            await socket.CloseAsync(e.Status, e.Message);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            Log.NotLetIn(logger, e.Message);
            webSocket.Abort();
        }
    }

    private async Task<AgentHello?> LetInAsync(SessionSocket socket, CancellationToken stop)
    {
        var hello = await socket.ReadAsync(HelloBytesMax, HelloTimeout, stop) switch
        {
            null => throw new SessionEndedException(WebSocketCloseStatus.NormalClosure, "closed before the hello"),
            { Hello: { } first } => first,
            _ => throw new SessionEndedException(WebSocketCloseStatus.PolicyViolation, "the first message must be a hello"),
        };
        var refusal = hello.ClusterId is { } other && other != identity.ClusterId
            ? $"this agent belongs to another cluster ({other}), this one is {identity.ClusterId}; give it a directory of its own"
            : Find(hello.Host) is { } connected && connected.AgentEpoch > hello.AgentEpoch
            ? $"a later start of the agent of {hello.Host} is connected: two agents must not have the same host name"
            : null;
        var welcome = new MasterWelcome(identity.ClusterId, identity.Build, refusal);
        await socket.SendAsync(OutboundMessage.Of(new MasterMessage { Welcome = welcome }));
        return refusal is null ? hello : throw new SessionEndedException(WebSocketCloseStatus.PolicyViolation, refusal);
    }

    private async Task HoldAsync(HostSession session, CancellationToken stop)
    {
        lock (_lock)
        {
            // Of equal epochs the later session counts: the agent dialled again, whatever became of the first socket.
            if (_newest.TryGetValue(session.Host, out var other) && other.AgentEpoch > session.AgentEpoch)
            {
                session.Refuse($"a newer run of the agent of {session.Host} is connected");
            }
            else
            {
                other?.Refuse($"a newer session of {session.Host} took over");
                _newest[session.Host] = session;
            }
        }

        try
        {
            await session.RunAsync(stop);
        }
        finally
        {
            lock (_lock)
            {
                if (_newest.GetValueOrDefault(session.Host) == session)
                {
                    _newest.Remove(session.Host);
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2111, LogLevel.Warning, "A session was not let in: {Reason}")]
        public static partial void NotLetIn(ILogger logger, string reason);
    }
}
