using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Zurg.Protocol;
using Zurg.Tests.Master.Agents;

namespace Zurg.Tests.Master.Api;

public sealed class ExecTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(30));
    private TestMaster _master = null!;

    public async Task InitializeAsync() => _master = await TestMaster.StartAsync();

    public async Task DisposeAsync()
    {
        _stop.Dispose();
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task Messages_pass_between_the_caller_and_the_agent_as_they_are()
    {
        using var agent = await JoinAsync();
        using var caller = await CallAsync("host1");
        var request = await agent.ReadAsync(m => m.Exec);
        Assert.Equal(["ls", "-l"], request.Command.AsEnumerable());
        using var side = await DialAsync($"/v1/agents/exec/{request.Ticket}");

        await caller.SendAsync("\0typed"u8.ToArray(), WebSocketMessageType.Binary, true, _stop.Token);
        Assert.Equal("\0typed", await ReadAsync(side));
        await side.SendAsync("\u0001written"u8.ToArray(), WebSocketMessageType.Binary, true, _stop.Token);
        Assert.Equal("\u0001written", await ReadAsync(caller));
        await SayAsync(side, new ExecMessage { Ended = new ExecEnded { Code = 3 } });
        Assert.Equal(3, (await HearAsync(caller)).Ended!.Code);

        // A ticket is for one use.
        await Assert.ThrowsAsync<WebSocketException>(() => DialAsync($"/v1/agents/exec/{request.Ticket}"));
        var events = await _master.GetAsync("/v1/events?host=host1", WireJson.Default.ImmutableArrayEventRecord);
        Assert.Contains(events, e => e.Kind == EventKind.CommandRun && e.Text == "ann runs 'ls -l' as host1");
    }

    [Fact]
    public async Task A_caller_that_dies_takes_the_agents_side_along_and_an_agent_that_dies_is_told()
    {
        using var agent = await JoinAsync();
        using (var caller = await CallAsync("host1"))
        {
            using var side = await DialAsync($"/v1/agents/exec/{(await agent.ReadAsync(m => m.Exec)).Ticket}");
            caller.Abort();
            await Assert.ThrowsAsync<WebSocketException>(() => ReadAsync(side));
        }

        using var other = await CallAsync("host1");
        using (var side = await DialAsync($"/v1/agents/exec/{(await agent.ReadAsync(m => m.Exec)).Ticket}"))
        {
            side.Abort();
        }

        Assert.Contains("the connection with host1 was lost", (await HearAsync(other)).Ended!.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere", "there is no service with an instance, instance or host 'nowhere'")]
    [InlineData("web.0", "there is no instance 'web.0'")]
    [InlineData("nowhere&host=true", "there is no host 'nowhere'")]
    public async Task What_cannot_be_found_is_told(string target, string problem)
    {
        using var caller = await CallAsync(target);
        Assert.Equal(problem, (await HearAsync(caller)).Ended!.Problem);
    }

    [Fact]
    public async Task A_command_larger_than_a_message_is_refused_in_words()
    {
        using var agent = await JoinAsync();
        using var caller = await CallAsync("host1", new ExecStart { Command = [new string('x', ExecMessage.TextMax)] });
        Assert.Contains("in at most 256 KiB", (await HearAsync(caller)).Ended!.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_is_asked_only_of_an_agent_that_knows_them()
    {
        using var agent = await JoinAsync();
        var start = new ExecStart { Terminal = new ExecTerminal(new ExecWindow(99, 33)) { Type = "vt220" } };
        using (var caller = await CallAsync("host1", start))
        {
            Assert.Equal(ExecMessage.TerminalProtocol, caller.SubProtocol);
            var request = await agent.ReadAsync(m => m.Exec);
            Assert.Equal(start.Terminal, request.Terminal);
            using var side = await DialAsync($"/v1/agents/exec/{request.Ticket}");
            await SayAsync(side, new ExecMessage { Ended = new ExecEnded { Code = 3 } });
            Assert.Equal(3, (await HearAsync(caller)).Ended!.Code);
        }

        // An older agent would run it without one: it gets no connection, and so nothing runs.
        using var other = await CallAsync("host1", start);
        var ticket = (await agent.ReadAsync(m => m.Exec)).Ticket;
        await Assert.ThrowsAsync<WebSocketException>(() => DialAsync($"/v1/agents/exec/{ticket}", offers: false));
        Assert.Equal("the agent of host1 is of a build that knows no terminals", (await HearAsync(other)).Ended!.Problem);
    }

    [Fact]
    public async Task A_plain_request_is_refused() =>
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/exec?target=host1"), 400);

    private async Task<TestAgent> JoinAsync()
    {
        var agent = await TestAgent.JoinAsync(_master, "host1");
        await agent.SendAsync(TestAgent.Report(1));
        while ((await _master.GetAsync("/v1/hosts", WireJson.Default.ImmutableArrayHostStatus)).IsEmpty)
        {
            _stop.Token.ThrowIfCancellationRequested();
        }

        return agent;
    }

    private async Task<WebSocket> CallAsync(string target, ExecStart? start = null)
    {
        var socket = await DialAsync($"/v1/exec?target={target}&author=ann");
        await SayAsync(socket, new ExecMessage { Start = start ?? new ExecStart { Command = ["ls", "-l"] } });
        return socket;
    }

    private async Task<ClientWebSocket> DialAsync(string path, bool offers = true)
    {
        var socket = new ClientWebSocket();
        if (offers)
        {
            socket.Options.AddSubProtocol(ExecMessage.TerminalProtocol);
        }

        socket.Options.SetRequestHeader("Authorization", _master.Http.DefaultRequestHeaders.Authorization!.ToString());
        var address = new UriBuilder(new Uri(_master.Http.BaseAddress!, path)) { Scheme = "ws" };
        await socket.ConnectAsync(address.Uri, _stop.Token);
        return socket;
    }

    private Task SayAsync(WebSocket socket, ExecMessage message) => socket.SendAsync(
        JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.ExecMessage), WebSocketMessageType.Text, true, _stop.Token);

    private async Task<ExecMessage> HearAsync(WebSocket socket) =>
        JsonSerializer.Deserialize(await ReadAsync(socket), WireJson.Default.ExecMessage)!;

    private async Task<string> ReadAsync(WebSocket socket)
    {
        var buffer = new byte[4096];
        var piece = await socket.ReceiveAsync(buffer, _stop.Token);
        return Encoding.UTF8.GetString(buffer, 0, piece.Count);
    }
}
