using System.Collections.Immutable;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Exec;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Exec;

/// <summary>What an agent takes on of what it is asked to run; the test is the master that it dials back to.</summary>
public sealed class ExecDeskTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _late = new(Eventually.Deadline);
    private readonly TaskCompletionSource _over = new();
    private readonly Channel<WebSocket> _dialled = Channel.CreateBounded<WebSocket>(100);
    private readonly TemporaryDirectory _directory = new();
    private readonly List<ExecDesk> _desks = [];
    private LoopbackServer _master = null!;
    private int _planned;

    public async Task InitializeAsync()
    {
        File.WriteAllText(_directory["token"], "t");
        _master = await LoopbackServer.StartAsync(TakeAsync);
    }

    public async Task DisposeAsync()
    {
        foreach (var desk in _desks)
        {
            await desk.DisposeAsync();
        }

        _over.SetResult();
        await _master.DisposeAsync();
        _directory.Dispose();
        _late.Dispose();
    }

    [Fact]
    public async Task A_host_that_runs_no_commands_says_so_and_does_not_even_look_what_it_was_asked()
    {
        var ended = await LastOf(await AskAsync(Desk(allowed: false), "echo"));
        Assert.Equal("host1 runs no commands: its agent was started with --no-exec", ended.Problem);
        Assert.Equal(0, _planned);
        Assert.Equal(0, (await LastOf(await AskAsync(Desk(allowed: true), "true"))).Code);
    }

    [Fact]
    public async Task One_command_more_than_may_run_at_once_is_refused_until_another_has_ended()
    {
        var desk = Desk(allowed: true);
        var sockets = new List<WebSocket>();
        for (var i = 0; i < ExecDesk.CommandsMax; i++)
        {
            sockets.Add(await AskAsync(desk, "cat"));
            Assert.NotNull((await HearAsync(sockets[^1]))?.Started);
        }

        var refused = await LastOf(await AskAsync(desk, "true"));
        Assert.Equal(("16 commands run on host1 already", "try again when one has ended"), (refused.Problem, refused.Mend));
        await SayAsync(sockets[3], new ExecMessage { InputEnds = true });
        Assert.Equal(0, (await LastOf(sockets[3])).Code);
        await CloseAsync(sockets[3]);

        // Its place is free once the agent has said goodbye.
        ExecEnded next;
        do
        {
            next = await LastOf(await AskAsync(desk, "true"));
        }
        while (next.Problem is not null && !_late.IsCancellationRequested);
        Assert.Equal(0, next.Code);
    }

    [Fact]
    public async Task No_message_of_the_output_is_larger_than_a_frame_and_all_of_it_comes()
    {
        var socket = await AskAsync(Desk(allowed: true), "head -c 1000000 /dev/zero");
        var (whole, largest) = (0, 0);
        var buffer = new byte[1 << 20];
        while (await socket.ReceiveAsync(buffer.AsMemory(), _late.Token) is { MessageType: not WebSocketMessageType.Close } piece)
        {
            Assert.True(piece.EndOfMessage || piece.Count < buffer.Length);
            if (piece.MessageType == WebSocketMessageType.Binary)
            {
                whole += piece.Count - 1;
                largest = Math.Max(largest, piece.Count);
            }
        }

        Assert.Equal(1_000_000, whole);
        Assert.InRange(largest, 2, ExecMessage.FrameMax);
    }

    [Fact]
    public async Task A_message_too_large_ends_the_command_and_not_the_agent()
    {
        var desk = Desk(allowed: true);
        var socket = await AskAsync(desk, "cat");
        var pid = (await HearAsync(socket))!.Started!.Pid;
        await socket.SendAsync(new byte[ExecMessage.TextMax + 1], WebSocketMessageType.Binary, true, _late.Token);
        await Eventually.TrueAsync(() => ProcessStat.Read(pid) is null or { IsDead: true }, "the command's end");
        Assert.Equal(0, (await LastOf(await AskAsync(desk, "true"))).Code);
    }

    [Fact]
    public async Task A_terminal_is_offered_and_given()
    {
        var socket = await AskAsync(Desk(allowed: true), "stty size", new ExecTerminal(new ExecWindow(99, 33)));
        Assert.Equal(ExecMessage.TerminalProtocol, socket.SubProtocol);
        Assert.NotNull((await HearAsync(socket))?.Started);
        var buffer = new byte[100];
        var length = (await socket.ReceiveAsync(buffer, _late.Token)).Count;
        Assert.Equal("\u000133 99\r\n"u8, buffer.AsSpan(0, length));
        Assert.Equal(0, (await LastOf(socket)).Code);
    }

    private ExecDesk Desk(bool allowed)
    {
        var options = new ExecOptions(_master.Url, _directory["token"], HostId.Wrap("host1"), allowed);
        var desk = new ExecDesk(options, Path.GetRandomFileName(), Plan, TimeProvider.System, NullLogger.Instance);
        _desks.Add(desk);
        return desk;
    }

    private ExecPlan Plan(ExecRequest request)
    {
        Interlocked.Increment(ref _planned);
        return new ExecPlan.Ready(new SpawnRequest
        {
            Executable = "/bin/sh",
            Args = ["-c", .. request.Command],
            Env = ImmutableSortedDictionary<string, string>.Empty.Add("PATH", "/usr/bin:/bin"),
            WorkingDirectory = "/",
            Output = -1,
        });
    }

    private async Task<WebSocket> AskAsync(ExecDesk desk, string command, ExecTerminal? terminal = null)
    {
        desk.Take(new ExecRequest(Path.GetRandomFileName()) { Command = [command], Terminal = terminal });
        return await _dialled.Reader.ReadAsync(_late.Token);
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync(http.WebSockets.WebSocketRequestedProtocols[0]);
        await _dialled.Writer.WriteAsync(socket);
        await _over.Task;
    }

    private async Task<ExecEnded> LastOf(WebSocket socket)
    {
        while (true)
        {
            if ((await HearAsync(socket))?.Ended is { } ended)
            {
                return ended;
            }
        }
    }

    private Task SayAsync(WebSocket socket, ExecMessage message) => socket.SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.ExecMessage), WebSocketMessageType.Text, true, _late.Token);

    private Task CloseAsync(WebSocket socket) => socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _late.Token);

    /// <returns>Null: bytes of the command.</returns>
    private async Task<ExecMessage?> HearAsync(WebSocket socket)
    {
        var buffer = new byte[ExecMessage.FrameMax];
        var piece = await socket.ReceiveAsync(buffer, _late.Token);
        return piece.MessageType == WebSocketMessageType.Text
            ? JsonSerializer.Deserialize(buffer.AsSpan(0, piece.Count), WireJson.Default.ExecMessage)
            : null;
    }
}
