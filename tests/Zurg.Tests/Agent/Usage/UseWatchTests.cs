using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Usage;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Local;

namespace Zurg.Tests.Agent.Usage;

/// <summary>Real sockets on the loopback, as the kernel lists them.</summary>
public sealed class UseWatchTests : IDisposable
{
    private static readonly ServiceName Web = new("web");

    private readonly TemporaryDirectory _directory = new();
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly List<HostUses> _said = [];
    private readonly UseDesk _desk;
    private readonly UsesFile _file;

    public UseWatchTests()
    {
        _server.Start();
        _desk = new UseDesk(TimeProvider.System, _said.Add);
        _file = new UsesFile(_directory["uses"], NullLogger<UsesFile>.Instance);
    }

    private int Port => ((IPEndPoint)_server.LocalEndpoint).Port;

    public void Dispose()
    {
        _server.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task The_kernel_lists_both_ends_of_a_connection_with_their_sockets_and_forgets_neither_at_once()
    {
        using var client = await ConnectAsync();
        var accepted = await _server.AcceptTcpClientAsync();
        var local = (IPEndPoint)client.LocalEndPoint!;
        var ours = SocketTable.Read(over: false).Where(c => c.Local.Port == local.Port || c.Remote.Port == local.Port).ToList();
        Assert.Equal(2, ours.Count(c => !c.Over && c.Inode > 0));
        Assert.All(ours, c => Assert.Equal("127.0.0.1", IpNumber.TextOf(c.Remote.Address)));
        var owners = new SocketOwners().Of(ours.Select(c => c.Inode).ToHashSet());
        Assert.All(ours, c => Assert.Equal(Environment.ProcessId, owners[c.Inode]));

        accepted.Close();
        client.Close();
        await Eventually.TrueAsync(
            () => SocketTable.Read(over: true).Any(c => c.Local.Port == Port && c.Remote.Port == local.Port && c.Over),
            "the end that closed first remembers it");
    }

    [Fact]
    public async Task A_client_that_has_only_said_that_it_writes_no_more_is_still_connected()
    {
        using var client = await ConnectAsync();
        using var accepted = await _server.AcceptTcpClientAsync();
        var port = ((IPEndPoint)client.LocalEndPoint!).Port;
        client.Shutdown(SocketShutdown.Send);
        await Eventually.TrueAsync(
            () => SocketTable.Read(over: false).Exists(c => c.Local.Port == port && !c.Over && c.Inode > 0), "it still reads");
    }

    [Fact]
    public async Task Connections_that_are_over_are_asked_for_each_fortieth_second()
    {
        using var client = await ConnectAsync();
        var asked = new List<bool>();
        var watch = new UseWatch(
            _desk, new UseSources(() => [], Sets, over =>
            {
                asked.Add(over);
                return [];
            }), _file, TimeProvider.System, NullLogger<UseWatch>.Instance);
        for (var i = 0; i < 6; i++)
        {
            watch.Look();
        }

        Assert.Equal([true, false, false, false, true, false], asked);
    }

    [Fact]
    public async Task An_owner_that_cannot_be_found_is_not_looked_for_again()
    {
        using var client = await ConnectAsync();
        var owners = new SocketOwners();
        Assert.Null(owners.Of(new HashSet<long> { long.MaxValue })[long.MaxValue]);
        Assert.Null(owners.Of(new HashSet<long> { long.MaxValue })[long.MaxValue]);
        Assert.Equal(1, owners.Searches);
        Assert.Empty(owners.Of(new HashSet<long>()));
    }

    [Fact]
    public async Task A_program_that_only_has_a_connection_is_seen_by_its_name_and_its_end_too()
    {
        var watch = Watch();
        using (var program = Program())
        {
            using var accepted = await _server.AcceptTcpClientAsync();
            watch.Look();
            var seen = Assert.Single(_desk.Book.Lines.Values).Sighting;
            Assert.Equal((UseEvidence.Connected, "bash client.sh", true), (seen.Evidence, seen.Command, seen.Open));
            Assert.Equal(program.Id, seen.Pid);
            watch.Look();
            Assert.Equal(1, watch.Searches);
            program.Kill(entireProcessTree: true);
            await program.WaitForExitAsync();
        }

        await Eventually.TrueAsync(
            () =>
            {
                watch.Look();
                return !_desk.Book.Lines.Values.Single().Sighting.Open;
            },
            "it is not connected any more");
    }

    [Fact]
    public async Task This_process_is_nobodys_consumer()
    {
        using var probe = await ConnectAsync();
        Watch().Look();
        Assert.Empty(_desk.Book.Lines);
    }

    [Fact]
    public void A_socket_that_is_closed_while_its_owner_is_looked_for_is_no_client_but_one_that_stays_is()
    {
        var probe = new TcpConnection(
            new SocketEnd(IpNumber.Parse("127.0.0.1")!.Value, 40_000),
            new SocketEnd(IpNumber.Parse("127.0.0.1")!.Value, Port), long.MaxValue, Over: false);
        var tables = new Queue<List<TcpConnection>>([[probe], [], [probe], [probe]]);
        var watch = new UseWatch(
            _desk, new UseSources(() => [], Sets, _ => tables.Dequeue()), _file, TimeProvider.System,
            NullLogger<UseWatch>.Instance);

        watch.Look();
        Assert.Empty(_desk.Book.Lines);
        watch.Look();
        Assert.Equal("127.0.0.1", Assert.Single(_desk.Book.Lines.Values).Sighting.Address);
    }

    /// <summary>Its agent came back and knows of it, and it ended before it was looked at.</summary>
    [Fact]
    public void A_follower_that_has_ended_is_not_one_more_client_without_a_name()
    {
        var ended = Identity with { StartTicks = Identity.StartTicks + 1 };
        Watch(() => [new LocalFollower(Web, ended, null)]).Look();
        Assert.Empty(_desk.Book.Lines);
    }

    [Fact]
    public void Followers_and_readers_of_streams_are_seen_until_they_leave()
    {
        LocalFollower[] followers =
            [new(Web, Identity, null), new(Web, Identity, InstanceId.Parse("edge.0"))];
        var watch = Watch(() => followers);
        using (_desk.Reads([new ServiceName("other")], Identity))
        {
            watch.Look();
            Assert.Equal(3, _desk.Book.Lines.Values.Count(l => l.Sighting.Open));
            Assert.Contains(_desk.Book.Lines.Values, l => l.Sighting.Instance?.Value == "edge.0");
        }

        followers = [];
        watch.Look();
        Assert.DoesNotContain(_desk.Book.Lines.Values, l => l.Sighting.Open);
        Assert.Equal(3, _desk.Book.Lines.Count);
    }

    [Fact]
    public void Nothing_is_told_before_the_master_asks_and_then_what_it_has_not_kept()
    {
        _desk.Asked(Web, Identity);
        Assert.Empty(_said);
        _desk.Kept(0);
        Assert.Equal(1, Assert.Single(_said).Number);
        _desk.Asked(Web, Identity);
        Assert.Single(_said);
        _desk.Kept(1);
        Assert.Single(_said);
        _desk.Asked(new ServiceName("other"), null);
        Assert.Equal("a process that was not found", Assert.Single(_said[^1].Sightings).Command);
    }

    [Fact]
    public async Task What_was_seen_outlives_the_agent_that_is_killed()
    {
        using var stop = new CancellationTokenSource();
        var running = Watch().RunAsync(stop.Token);
        _desk.Asked(Web, Identity);
        await Eventually.TrueAsync(() => Loaded().Lines.Count == 1, "it is in the file without a goodbye");
        Assert.Equal(_desk.Book.Since, Loaded().Since);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        File.SetLastWriteTimeUtc(_directory["uses"], DateTime.UnixEpoch);
        Assert.NotEqual(_desk.Book.Since, Loaded().Since);
        await File.WriteAllTextAsync(_directory["uses"], "{");
        Assert.Empty(Loaded().Lines);
    }

    [Theory]
    [InlineData("/usr/bin/python3\0/opt/report.py\0--token\0secret", "python3 /opt/report.py")]
    [InlineData("curl\0https://u:p@host/", "curl")]
    [InlineData("mysql\0-psecret", "mysql")]
    [InlineData("env\0PASSWORD=/x", "env")]
    [InlineData("nginx: worker process", "nginx: worker process")]
    [InlineData("", "a process that ended")]
    public void A_program_is_named_without_what_may_be_secret(string line, string name) =>
        Assert.Equal(name, ClientNames.Words(line));

    private static ProcessIdentity Identity { get; } =
        Zurg.Agent.Processes.ProcessStat.Read(Environment.ProcessId)!.Value.Identity;

    private UseBook Loaded() => _file.Load(TimeProvider.System.GetUtcNow());

    private UseWatch Watch(Func<LocalFollower[]>? followers = null) => new(
        _desk,
        new UseSources(() => [.. followers?.Invoke() ?? []], Sets, SocketTable.Read),
        _file, TimeProvider.System, NullLogger<UseWatch>.Instance);

    private ImmutableArray<EndpointSet> Sets() => [NamingFixtures.Set("web", 1, NamingFixtures.At("web.0", Port))];

    private Process Program()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        File.WriteAllText(_directory["client.sh"], $"exec 3<>/dev/tcp/127.0.0.1/{port}\nread -u 3\n");
        return Process.Start(new ProcessStartInfo("bash", ["client.sh"]) { WorkingDirectory = _directory.Path })!;
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        return socket;
    }
}
