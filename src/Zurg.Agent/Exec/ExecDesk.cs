using System.Collections.Concurrent;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Agent.Exec;

/// <param name="Allowed">False: no command of anybody is run on this host (zurg agent --no-exec).</param>
internal sealed record ExecOptions(Uri Master, string TokenFile, HostId Host, bool Allowed);

/// <summary>
/// Runs commands for people elsewhere: dials back to the master for each, so that their bytes and the session's reports never
/// wait for each other. What an earlier agent left of such commands is killed: nobody can hear them any more.
/// </summary>
/// <param name="key">Tells this agent from others on the machine.</param>
/// <param name="plan">What a request comes to here.</param>
internal sealed partial class ExecDesk(
    ExecOptions options, string key, Func<ExecRequest, ExecPlan> plan, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>Commands at once; more are refused in words.</summary>
    public const int CommandsMax = 16;

    private static readonly TimeSpan DialWithin = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private int _commands;

    private string TokenPrefix => $"exec/{key}/";

    /// <summary>Begins at once and returns.</summary>
    public void Take(ExecRequest request)
    {
        foreach (var (ticket, task) in _running.Where(r => r.Value.IsCompleted))
        {
            _running.TryRemove(KeyValuePair.Create(ticket, task));
        }

        _running[request.Ticket] = Task.Run(() => GuardAsync(request, _stop.Token), CancellationToken.None);
    }

    /// <summary>Kills the commands of an earlier agent; ends with <paramref name="stop"/>, as every loop of the agent.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await CleanAsync();
        await Task.Delay(Timeout.InfiniteTimeSpan, time, stop);
    }

    private async Task CleanAsync()
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        late.CancelAfter(DialWithin);
        foreach (var process in ProcessStat.ReadAll())
        {
            var start = $"{ProcessTree.TokenVariable}={TokenPrefix}";
            if (ProcessStat.HasVariableLike(process.Pid, start)
                && ProcessStat.Environ(process.Pid).GetValueOrDefault(ProcessTree.TokenVariable) is { } token)
            {
                await ProcessTree.KillAsync(null, token, watched: false, time, late.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Ends every command.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running.Values);
        _stop.Dispose();
    }

    private async Task GuardAsync(ExecRequest request, CancellationToken stop)
    {
        try
        {
            await RunAsync(request, stop);
        }
        catch (Exception e) when (e is WebSocketException or IOException or UnauthorizedAccessException or HttpRequestException
            or OperationCanceledException)
        {
            Log.NotServed(logger, options.Host, e.Message);
        }
    }

    private async Task RunAsync(ExecRequest request, CancellationToken stop)
    {
        using var socket = new ClientWebSocket();
        socket.Options.Proxy = null;

        // No pings with a limit: a caller that does not read for an hour is not dead, and the pong would wait behind its bytes.
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.SetRequestHeader("Authorization", $"Bearer {await AgentToken.ReadAsync(options.TokenFile, stop)}");
        socket.Options.AddSubProtocol(ExecMessage.TerminalProtocol);
        using (var late = new CancellationTokenSource(DialWithin, time))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop))
        {
            var address = new Uri(options.Master, $"v1/agents/exec/{request.Ticket}");
            var scheme = address.Scheme == Uri.UriSchemeHttps ? "wss" : "ws";
            await socket.ConnectAsync(new UriBuilder(address) { Scheme = scheme }.Uri, either.Token);
        }

        using var line = new ExecLine(socket, time);
        var refused = await ServeInTurnAsync(request, line, stop);
        if (refused is not null)
        {
            await line.EndAsync(refused, Task.CompletedTask, stop);
        }
    }

    /// <returns>As <see cref="ServeAsync"/>: one that is refused takes nobody's place while it is told so.</returns>
    private async Task<ExecEnded?> ServeInTurnAsync(ExecRequest request, ExecLine line, CancellationToken stop)
    {
        try
        {
            return Interlocked.Increment(ref _commands) > CommandsMax
                ? Refused($"{CommandsMax} commands run on {options.Host} already", "try again when one has ended")
                : await ServeAsync(request, line, stop);
        }
        finally
        {
            Interlocked.Decrement(ref _commands);
        }
    }

    /// <returns>Why it was not run; null when it was.</returns>
    private async Task<ExecEnded?> ServeAsync(ExecRequest request, ExecLine line, CancellationToken stop)
    {
        if (!options.Allowed)
        {
            return Refused($"{options.Host} runs no commands: its agent was started with --no-exec", "run it on the host itself");
        }

        if (plan(request) is not ExecPlan.Ready ready)
        {
            return plan(request) is ExecPlan.Refused no ? Refused(no.Problem, no.Mend) : Refused("it cannot be run here", null);
        }

        using var command = ExecCommand.Start(
            ready.Request, request.Terminal, TokenPrefix + request.Ticket, time, out var hold);
        if (command is null)
        {
            return Refused(hold!.Text, hold.Mend);
        }

        var started = new ExecStarted(options.Host, command.Pid) { Instance = request.Instance };
        await AttendAsync(command, started, line, stop);
        return null;
    }

    private async Task AttendAsync(ExecCommand command, ExecStarted started, ExecLine line, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var (hearing, sending) = (Task.CompletedTask, Task.CompletedTask);
        try
        {
            await line.SendAsync(new ExecMessage { Started = started }, stop);
            hearing = line.HearAsync(command, end.Token);
            sending = line.SendOutputAsync(command.Pipes, end.Token);
            var lost = LostAsync(hearing, sending);
            if (await Task.WhenAny(command.Exit, lost) != command.Exit)
            {
                await command.HangUpAsync(stop);
                return;
            }

            // What it left running holds the pipes open: it goes first, and then all that was written is sent.
            var exit = await command.Exit;
            await command.EndAsync(stop);
            await Task.WhenAny(sending, hearing);
            if (sending.IsCompletedSuccessfully)
            {
                await line.EndAsync(new ExecEnded { Code = exit.Code, Signal = exit.Signal }, hearing, stop);
            }
        }
        finally
        {
            using var late = new CancellationTokenSource(ExecCommand.Grace, time);
            await command.EndAsync(late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await end.CancelAsync();
            await Task.WhenAll(hearing, sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The caller has gone. A command that closed its stdout and stderr and goes on has not lost anybody.</summary>
    private static async Task LostAsync(Task hearing, Task sending)
    {
        if (await Task.WhenAny(hearing, sending) == sending && sending.IsCompletedSuccessfully)
        {
            await hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static ExecEnded Refused(string problem, string? mend) => new() { Problem = problem, Mend = mend };

    private static partial class Log
    {
        [LoggerMessage(3601, LogLevel.Warning, "A command on {Host} ended without its caller: {Problem}")]
        public static partial void NotServed(ILogger logger, HostId host, string problem);
    }
}
