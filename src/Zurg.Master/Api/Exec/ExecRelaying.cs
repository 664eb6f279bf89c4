using System.Net.WebSockets;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Agents;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>
/// Between the caller of a command and the agent that runs it: asks the agent to dial back, then passes each message on as it is.
/// Each way waits for the other end, so nothing is held here but one message.
/// </summary>
internal sealed class ExecRelaying(
    IClusterView view, AgentSessions sessions, ExecCounter counter, IEventLog events, TimeProvider time)
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DialWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(2);
    private const int CommandCharsMax = 200;

    public async Task RunAsync(WebSocket caller, ExecTarget target, CancellationToken stop)
    {
        var start = await ReadStartAsync(caller, stop);
        var refused = start is null
            ? Refused(
                "the first message must be {\"start\":{\"command\":[...]}}, in at most " + $"{ExecMessage.TextMax / 1024} KiB",
                "shorten the command: stdin takes any amount")
            : await FindAndRunAsync(caller, target, start, stop);
        if (refused is not null)
        {
            await EndAsync(caller, refused, PassAsync(caller, null, null, stop), stop);
        }
    }

    /// <summary>
    /// A last word if there is one, the goodbye, and a little time for the caller to take it: a receive that is cancelled aborts
    /// the socket, and what is on its way is lost.
    /// </summary>
    /// <param name="hearing">Reads from the caller until it closes.</param>
    private async Task EndAsync(WebSocket caller, ExecEnded? ended, Task hearing, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(CloseWithin, time);
        if (ended is not null)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(new ExecMessage { Ended = ended }, WireJson.Default.ExecMessage);
            await caller.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, late.Token);
        }

        await caller.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, late.Token);
        await Task.WhenAny(hearing, Task.Delay(CloseWithin, time, stop));
        caller.Abort();
        await hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <returns>What the caller is to be told; null when the agent has told it.</returns>
    private async Task<ExecEnded?> FindAndRunAsync(
        WebSocket caller, ExecTarget target, ExecStart start, CancellationToken stop)
    {
        if (Find(view.Current.State, target, out var host, out var instance) is { } problem)
        {
            return problem;
        }

        if (sessions.Find(host) is not { } session)
        {
            return Refused($"{host} is not connected", "look whether it and its agent run");
        }

        var waiting = counter.Open(start.Terminal is not null);
        try
        {
            var request = new ExecRequest(waiting.Ticket)
            {
                Instance = instance, Command = start.Command, Terminal = start.Terminal,
            };
            if (!session.TryTell(new MasterMessage { Exec = request }))
            {
                return Refused($"too many requests to {host} wait already", "try again in a moment");
            }

            using var agent = await waiting.Dialled.Task.WaitAsync(DialWithin, time, stop);
            if (agent is null)
            {
                return Refused(
                    $"the agent of {host} is of a build that knows no terminals",
                    "upgrade it, or run a command without a terminal");
            }

            var who = instance is { } one ? $"{one} on {host}" : $"{host}";
            var command = start.Command.IsEmpty ? "/bin/sh" : string.Join(' ', start.Command);
            var shown = command.Length <= CommandCharsMax ? command : command[..CommandCharsMax] + "…";
            await TellAsync(EventKind.CommandRun, host, instance, $"{target.Author} runs '{shown}' as {who}");
            var lost = Refused($"the connection with {host} was lost; the command is ended there", "see: zurg hosts");
            var ended = await RelayAsync(caller, agent, lost, stop);
            await TellAsync(EventKind.CommandEnded, host, instance, $"'{shown}' of {target.Author} as {who}: {Words(ended)}");
            return null;
        }
        catch (TimeoutException)
        {
            return Refused(
                $"the agent of {host} did not dial back within {DialWithin.TotalSeconds:0} s",
                "an older build does not know how");
        }
        finally
        {
            counter.Close(waiting);
        }
    }

    /// <param name="lost">What the caller is told when the agent goes without a word.</param>
    /// <returns>How the agent said that it ended; null when either end went without a word.</returns>
    private async Task<ExecEnded?> RelayAsync(WebSocket caller, WebSocket agent, ExecEnded lost, CancellationToken stop)
    {
        ExecEnded? ended = null;
        var up = PassAsync(caller, agent, null, stop);
        var down = PassAsync(agent, caller, message => ended = message.Ended ?? ended, stop);
        if (await Task.WhenAny(up, down) == down || ended is not null)
        {
            await EndAsync(caller, ended is null ? lost : null, up, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // When the caller has gone, the command goes with the agent's socket.
        agent.Abort();
        caller.Abort();
        await Task.WhenAll(up, down).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ended;
    }

    private static async Task PassAsync(WebSocket from, WebSocket? to, Action<ExecMessage>? heard, CancellationToken stop)
    {
        var buffer = new byte[ExecMessage.TextMax];
        while (true)
        {
            var piece = await from.ReceiveAsync(buffer.AsMemory(), stop);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            if (to is not null)
            {
                await to.SendAsync(buffer.AsMemory(0, piece.Count), piece.MessageType, piece.EndOfMessage, stop);
            }

            if (piece.MessageType == WebSocketMessageType.Text && piece.EndOfMessage
                && heard is not null && Parse(buffer.AsSpan(0, piece.Count)) is { } message)
            {
                heard(message);
            }
        }
    }

    private async Task<ExecStart?> ReadStartAsync(WebSocket caller, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(StartWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        var buffer = new byte[ExecMessage.TextMax];
        for (var length = 0; length < buffer.Length;)
        {
            var piece = await caller.ReceiveAsync(buffer.AsMemory(length), either.Token);
            length += piece.Count;
            if (piece.EndOfMessage)
            {
                return piece.MessageType == WebSocketMessageType.Text ? Parse(buffer.AsSpan(0, length))?.Start : null;
            }
        }

        return null;
    }

    private static ExecMessage? Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, WireJson.Default.ExecMessage);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ExecEnded? Find(ClusterState state, ExecTarget target, out HostId host, out InstanceId? instance)
    {
        (host, instance) = (default, null);
        var isHost = HostId.TryParse(target.Name, null, out var named) && state.Facts.ContainsKey(named);
        var service = ServiceName.TryParse(target.Name, null, out var name) ? PlacedOf(state, name) : [];
        if (InstanceId.TryParse(target.Name, null, out var one))
        {
            instance = one;
            return InstanceAsking.HostOf(state, one) is { } there ? Set(there, out host)
                : Refused($"there is no instance '{one}'", "see: zurg status");
        }

        if (isHost && (target.IsHost || service.Count == 0))
        {
            return Set(named, out host);
        }

        if (isHost)
        {
            return Refused($"'{target.Name}' is a host and a service", $"write --host for the host, or {service[0].Instance}");
        }

        if (target.IsHost || service.Count == 0)
        {
            return Refused(
                $"there is no {(target.IsHost ? "host" : "service with an instance, instance or host")} '{target.Name}'",
                "zurg status lists them");
        }

        var running = service.FindIndex(p => state.Facts.GetValueOrDefault(p.Host)?.Find(p.Instance)?.Pid is not null);
        (host, var first) = service[Math.Max(running, 0)];
        instance = first;
        return null;
    }

    private static ExecEnded? Set(HostId found, out HostId host)
    {
        host = found;
        return null;
    }

    private static List<(HostId Host, InstanceId Instance)> PlacedOf(ClusterState state, ServiceName service) =>
    [
        .. state.Placements.Values
            .SelectMany(h => h.Instances.Where(p => p.Instance.Service == service).Select(p => (h.Host, p.Instance)))
            .OrderBy(p => p.Instance),
    ];

    private static string Words(ExecEnded? ended) => ended switch
    {
        null => "cut off, and ended",
        { Problem: { } problem } => problem,
        { Signal: { } signal } => $"ended by signal {signal}",
        { Code: var code } => $"exit code {code}",
    };

    private Task TellAsync(EventKind kind, HostId host, InstanceId? instance, string text) => events.RecordAsync(new EventRecord
    {
        Id = 0, At = time.GetUtcNow(), Kind = kind, Host = host, Instance = instance, Service = instance?.Service, Text = text,
    });

    private static ExecEnded Refused(string problem, string? mend) => new() { Problem = problem, Mend = mend };
}
