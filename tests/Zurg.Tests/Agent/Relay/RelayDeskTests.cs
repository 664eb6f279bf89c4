using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Relay;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Local;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Relay;

public sealed class RelayDeskTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<AgentInput.UsesHeld> _told = new();
    private readonly ManualTime _time = new();
    private readonly RawServer _solver = new();
    private readonly int _port;
    private LocalAgent _agent = null!;
    private RelayDesk _desk = null!;
    private Task _running = Task.CompletedTask;

    public RelayDeskTests()
    {
        using var free = new RawServer();
        _port = free.Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _desk.DisposeAsync();
        await _agent.DisposeAsync();
        _solver.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task It_listens_before_the_start_and_over_restarts_and_no_longer_than_the_instance_is_there()
    {
        await BeginAsync();
        Observe(Using("old.0", InstancePhase.Waiting, _port));
        using var first = await ConnectAsync(_port);
        Observe(Using("old.0", InstancePhase.Running, _port));
        Observe(Using("old.0", InstancePhase.Waiting, _port, incarnation: 2));
        using var second = await ConnectAsync(_port);
        Observe();
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(_port));
        Assert.Empty(_told);
    }

    [Fact]
    public async Task It_confirms_for_the_program_and_is_gone_from_the_account_when_its_last_connection_is()
    {
        await BeginAsync();
        Observe(Using("old.0", InstancePhase.Running, _port));
        await Eventually.TrueAsync(() => _agent.Subscribed == "solver", "the service is followed");
        _agent.Naming.Take(NamingFixtures.Set("solver", 5, _solver.At("solver.0")));
        await Eventually.TrueAsync(() => _agent.Said("solver") == "5", "5 is confirmed");
        using (var client = await ConnectAsync(_port))
        {
            using var server = await _solver.AcceptAsync();
            Observe();
            _agent.Naming.Take(NamingFixtures.Set("solver", 6));
            await Eventually.TrueAsync(() => _agent.Said("solver") == "6", "6 is confirmed, though its listener is gone");
            Assert.True(_agent.Subscribers.Follows(new ServiceName("solver")));
        }

        await Eventually.TrueAsync(() => !_agent.Subscribers.Follows(new ServiceName("solver")), "nobody uses it any more");
    }

    [Fact]
    public async Task A_taken_port_holds_the_instance_and_is_tried_again()
    {
        await BeginAsync();
        var state = Using("old.0", InstancePhase.Running, 0) is var old
            ? old with { Assigned = old.Assigned with { Uses = [Use(_solver.Port)] } }
            : old;
        Observe(state);
        var hold = (await ToldAsync()).Hold!;
        Assert.Equal(HoldReason.PortUnavailable, hold.Reason);
        Assert.StartsWith($"127.0.0.1:{_solver.Port} cannot be listened on to carry connections to solver: taken by ",
            hold.Text, StringComparison.Ordinal);
        Assert.Contains("services.old.uses", hold.Mend, StringComparison.Ordinal);

        // From here on it is known, and told no more: the next word is that it is over.
        Observe(state with { UsesHold = hold });
        _told.Clear();
        var port = _solver.Port;
        _solver.Dispose();
        Assert.Null((await ToldAsync()).Hold);
        using var client = await ConnectAsync(port);
    }

    [Fact]
    public async Task A_set_alone_ends_idle_connections_to_what_it_withdraws()
    {
        await BeginAsync(_time);
        Observe(Using("old.0", InstancePhase.Running, _port));
        await Eventually.TrueAsync(() => _agent.Subscribed == "solver", "the service is followed");
        _agent.Naming.Take(NamingFixtures.Set("solver", 5, _solver.At("solver.0")));
        using var client = await ConnectAsync(_port);
        using var server = await _solver.AcceptAsync();
        await server.SendAsync("5.5.5-MariaDB"u8.ToArray());
        await client.ReceiveAsync(new byte[100]);

        // From here on neither end says a word or closes what it has.
        _agent.Naming.Take(NamingFixtures.Set("solver", 6));
        await Eventually.TrueAsync(() => Later("zurg_uses_closed_total", 1), "both are told that it is over");
        await Eventually.TrueAsync(() => Later("zurg_uses_connections", 0), "it is cut");
        Assert.InRange(_time.GetElapsedTime(0), RelayCare.IdleAfter, TimeSpan.FromMinutes(5));
    }

    private bool Later(string number, int value)
    {
        _time.Advance(RelayDesk.LookEvery);
        return Measure().Contains($"{number}{{listen=\"127.0.0.1:{_port}\",to=\"solver\"}} {value}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_carried_is_measured()
    {
        await BeginAsync();
        Observe(Using("old.0", InstancePhase.Running, _port));
        using var client = await ConnectAsync(_port);
        await Eventually.TrueAsync(
            () => Measure().Contains($"zurg_uses_connections{{listen=\"127.0.0.1:{_port}\",to=\"solver\"}} 1",
                StringComparison.Ordinal), "it is counted");
    }

    private string Measure()
    {
        var page = new MetricPage();
        _desk.Measure(page);
        return page.ToString();
    }

    private async Task BeginAsync(TimeProvider? time = null)
    {
        _agent = await LocalAgent.StartAsync();
        _desk = new RelayDesk(_agent.Naming, _agent.Subscribers, input =>
        {
            _told.Enqueue((AgentInput.UsesHeld)input);
            return true;
        }, seed: 1, time ?? TimeProvider.System, NullLogger<RelayDesk>.Instance);
        _running = _desk.RunAsync(_stop.Token);
    }

    private void Observe(params InstanceState[] instances) => _desk.Observe(NamingFixtures.State(instances));

    private async Task<AgentInput.UsesHeld> ToldAsync()
    {
        AgentInput.UsesHeld? told = null;
        await Eventually.TrueAsync(() => _told.TryDequeue(out told), "something is told");
        return told!;
    }

    private static InstanceState Using(string instance, InstancePhase phase, int port, long incarnation = 1)
    {
        var state = NamingFixtures.Instance(instance, phase, incarnation);
        return state with { Assigned = state.Assigned with { Uses = [Use(port)] } };
    }

    private static UseSpec Use(int port) => new(new ServiceName("solver"), "127.0.0.1", port);

    private static async Task<Socket> ConnectAsync(int port)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, port);
        return client;
    }
}
