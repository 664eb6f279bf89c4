using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Zurg.Cli;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

/// <summary>The caller's end with a person at a terminal; the test is the master.</summary>
public sealed class ExecCallTests : IAsyncLifetime
{
    private static readonly ExecStart Start = new() { Command = ["top"], Terminal = new ExecTerminal(new ExecWindow(1, 1)) };

    private readonly CancellationTokenSource _late = new(Eventually.Deadline);
    private readonly CancellationTokenSource _interrupt = new();
    private readonly TestTerminal _terminal = new();
    private readonly MemoryStream _shown = new();
    private readonly Channel<WebSocket> _dialled = Channel.CreateBounded<WebSocket>(1);
    private readonly TaskCompletionSource _over = new();
    private LoopbackServer _server = null!;
    private ExecCall _call = null!;
    private WebSocket _master = null!;
    private Task<ExecEnded> _running = null!;
    private string _before = "";

    public async Task InitializeAsync()
    {
        _before = _terminal.Settings;
        _server = await LoopbackServer.StartAsync(TakeAsync);
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(_server.Url) { Scheme = "ws" }.Uri, _late.Token);
        _master = await _dialled.Reader.ReadAsync(_late.Token);
        _call = new ExecCall(socket, _terminal.Caller);
        var streams = new ExecStreams(_terminal.Caller.OpenInput(), _shown, Stream.Null);
        _running = _call.RunAsync(Start, streams, TimeProvider.System, _interrupt.Token);
        Assert.Equal("top", (await HearAsync()).Start!.Command[0]);
    }

    public async Task DisposeAsync()
    {
        _over.SetResult();
        _master.Abort();
        _terminal.HangUp();
        await ((Task)_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _server.DisposeAsync();
        _call.Dispose();
        _terminal.Dispose();
        _interrupt.Dispose();
        _late.Dispose();
    }

    [Fact]
    public async Task Keys_and_sizes_go_there_and_what_is_written_and_the_code_come_back()
    {
        await BeginAsync();
        _terminal.Type("\u0003q\u0004");
        var typed = "";
        while (typed.Length < 3)
        {
            typed += (await ReadAsync())[1..];
        }

        Assert.Equal("\u0003q\u0004", typed);
        await _master.SendAsync("\u0001written"u8.ToArray(), WebSocketMessageType.Binary, true, _late.Token);
        await SayAsync(new ExecMessage { Ended = new ExecEnded { Code = 5 } });
        Assert.Equal(5, (await _running).Code);
        Assert.Equal("written", Encoding.ASCII.GetString(_shown.ToArray()));
        Assert.Equal(_before, _terminal.Settings);
    }

    [Fact]
    public async Task A_command_that_does_not_begin_leaves_the_terminal_alone()
    {
        Assert.Equal(_before, _terminal.Settings);
        await SayAsync(new ExecMessage { Ended = new ExecEnded { Problem = "no" } });
        Assert.Equal("no", (await _running).Problem);
        Assert.Equal(_before, _terminal.Settings);
    }

    [Fact]
    public async Task A_connection_that_breaks_gives_the_terminal_back()
    {
        await BeginAsync();
        _master.Abort();
        var failure = await Assert.ThrowsAsync<VerbFailedException>(() => _running);
        Assert.Contains("the connection with the master was lost", failure.Message, StringComparison.Ordinal);
        Assert.Equal(_before, _terminal.Settings);
    }

    [Fact]
    public async Task A_signal_to_zurg_itself_cuts_the_command_off_and_gives_the_terminal_back()
    {
        await BeginAsync();
        await _interrupt.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
        Assert.Equal(_before, _terminal.Settings);
        await GoneAsync();
    }

    [Fact]
    public async Task The_keys_for_it_cut_off_a_connection_that_hangs()
    {
        await BeginAsync();
        _terminal.Type("~.");
        Assert.Contains("cut off by ~.", (await Assert.ThrowsAsync<VerbFailedException>(() => _running)).Message,
            StringComparison.Ordinal);
        Assert.Equal(_before, _terminal.Settings);
        await GoneAsync();
    }

    [Fact]
    public async Task A_terminal_that_goes_away_takes_the_command_along()
    {
        await BeginAsync();
        _terminal.HangUp();
        Assert.Contains("the terminal here is gone", (await Assert.ThrowsAsync<VerbFailedException>(() => _running)).Message,
            StringComparison.Ordinal);
        await GoneAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        await _dialled.Writer.WriteAsync(socket);
        await _over.Task;
    }

    /// <summary>The command runs; the first that comes is the window's size.</summary>
    private async Task BeginAsync()
    {
        await SayAsync(new ExecMessage { Started = new ExecStarted(HostId.Wrap("host1"), 42) });
        Assert.Equal(new ExecWindow(99, 33), (await HearAsync()).Window);
        Assert.True(_terminal.IsRaw);
    }

    private Task GoneAsync() => Assert.ThrowsAsync<WebSocketException>(ReadAsync);

    private Task SayAsync(ExecMessage message) => _master.SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.ExecMessage), WebSocketMessageType.Text, true, _late.Token);

    private async Task<ExecMessage> HearAsync() =>
        JsonSerializer.Deserialize(await ReadAsync(), WireJson.Default.ExecMessage)!;

    private async Task<string> ReadAsync()
    {
        var buffer = new byte[4096];
        var piece = await _master.ReceiveAsync(buffer, _late.Token);
        return Encoding.UTF8.GetString(buffer, 0, piece.Count);
    }
}
