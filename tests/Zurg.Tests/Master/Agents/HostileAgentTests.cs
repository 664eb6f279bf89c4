using System.Collections.Immutable;
using System.Net;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Agents;

/// <summary>What an agent gone wrong, or a newer one, may say: it must hurt nobody but itself.</summary>
public sealed class HostileAgentTests : IAsyncLifetime
{
    private TestMaster _master = null!;

    public async Task InitializeAsync() => _master = await TestMaster.StartAsync();

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task A_report_too_big_to_be_kept_ends_that_session_and_the_master_lives()
    {
        using var agent = await TestAgent.JoinAsync(_master, "talker");
        await agent.SendAsync(TestAgent.Report(1, Status("web.0") with { LastExit = Exit(new string('x', 2_000_000)) }));

        Assert.Contains("can be kept", await agent.ReadToCloseAsync(), StringComparison.Ordinal);

        await AssertServesAsync();
        Assert.DoesNotContain(await HostsAsync(), h => h.Host.Value == "talker");
    }

    [Fact]
    public async Task More_sightings_than_a_message_holds_end_the_session()
    {
        using var agent = await TestAgent.JoinAsync(_master, "gossip");
        var one = new UseSighting
        {
            Service = new ServiceName("web"), Evidence = UseEvidence.Asked, Command = "c", Open = true,
            First = DateTimeOffset.MaxValue, Last = DateTimeOffset.MinValue,
        };
        await agent.SendAsync(new AgentMessage
        {
            Uses = new HostUses
            {
                Number = 1, Since = DateTimeOffset.MinValue,
                Sightings = [.. Enumerable.Repeat(one, HostUses.SightingsMax + 1)],
            },
        });

        Assert.Contains("at most 128", await agent.ReadToCloseAsync(), StringComparison.Ordinal);
        await AssertServesAsync();
    }

    [Fact]
    public async Task Strange_numbers_times_names_and_values_of_newer_builds_are_kept_or_refused_and_nothing_breaks()
    {
        using var agent = await TestAgent.JoinAsync(_master, "odd");
        var odd = Status("web.2147483647") with
        {
            Since = DateTimeOffset.MaxValue, StartedAt = DateTimeOffset.MinValue, Pid = -1, Crashes = int.MinValue,
            Restarts = long.MaxValue,
            Ports = ImmutableSortedDictionary<PortName, int>.Empty.Add(new PortName("http"), -5),
            Hold = new Hold((HoldReason)0, "\u001b[2J\0\ud83d\ude00[red]", new string('"', 1000)),
        };
        await agent.SendAsync(TestAgent.Report(1, odd, odd, Status("web.0") with { Phase = InstancePhase.Unknown }));
        await Eventually.TrueAsync(() => HostsAsync().Result.Any(h => h.Host.Value == "odd"), "the report is kept");
        await agent.SendTextAsync("""{"report":{"number":2,"applied":0,"instances":[],"mood":"new"},"telepathy":{"x":1}}""");
        await agent.SendTextAsync("""{"a_word_of_tomorrow":{}}""");

        await AssertServesAsync();
        Assert.True((await _master.Http.GetAsync("/v1/services/web")).StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task No_bytes_at_all_break_the_master()
    {
        const int seed = 20261121;
        var random = new Random(seed);
        var sound = Encoding.UTF8.GetBytes(
            """{"report":{"number":2,"applied":0,"instances":[{"instance":"web.0","incarnation":1,"phase":"running"}]}}""");
        for (var round = 0; round < 60; round++)
        {
            var bytes = (byte[])sound.Clone();
            for (var change = 0; change <= round % 4; change++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            using var agent = await TestAgent.JoinAsync(_master, "fuzz");
            await agent.SendTextAsync(Encoding.Latin1.GetString(bytes), end: random.Next(5) > 0);
        }

        await AssertServesAsync();
    }

    [Fact]
    public async Task Of_two_agents_with_one_name_the_later_start_stays_and_the_other_hears_why_in_its_welcome()
    {
        using (var later = await TestAgent.JoinAsync(_master, "twin", epoch: 9))
        {
            await later.SendAsync(TestAgent.Report(1));
            await Eventually.TrueAsync(() => HostsAsync().Result.Any(h => h.Host.Value == "twin"), "the later one is connected");
            using var earlier = await TestAgent.DialAsync(_master);
            await earlier.SendAsync(TestAgent.Hello("twin", epoch: 8));

            Assert.Contains("same host name", (await earlier.ReadAsync())!.Welcome!.Refusal, StringComparison.Ordinal);
            Assert.Null(await earlier.ReadAsync());
            await later.SendAsync(TestAgent.Report(2));
        }

        // The later one is gone: what is left of it blocks nobody.
        await Eventually.TrueAsync(() => LetInAsync("twin", epoch: 8).Result, "the earlier one is let in");
    }

    private async Task<bool> LetInAsync(string host, long epoch)
    {
        using var agent = await TestAgent.DialAsync(_master);
        await agent.SendAsync(TestAgent.Hello(host, epoch));
        return (await agent.ReadAsync())!.Welcome!.Refusal is null;
    }

    private async Task AssertServesAsync()
    {
        using var sound = await TestAgent.JoinAsync(_master, "sound");
        await sound.SendAsync(TestAgent.Report(1));
        await Eventually.TrueAsync(() => HostsAsync().Result.Any(h => h.Host.Value == "sound"), "another host is still served");
        Assert.False(_master.Host.Completion.IsCompleted, $"the master died: {_master.Host.Completion.Exception?.Message}");
        await _master.GetAsync("/v1/status", WireJson.Default.ClusterStatus);
    }

    private Task<ImmutableArray<HostStatus>> HostsAsync() =>
        _master.GetAsync("/v1/hosts", WireJson.Default.ImmutableArrayHostStatus);

    private static InstanceStatus Status(string instance) => new()
    {
        Instance = InstanceId.Parse(instance),
        Incarnation = new Incarnation(1),
        Phase = InstancePhase.Running,
        Healthy = true,
        Spec = Digest.Of("spec"u8),
        Release = ReleaseId.Parse("web@1"),
        Restarts = 0,
        Since = DateTimeOffset.UnixEpoch,
        Crashes = 0,
    };

    private static InstanceExit Exit(string reason) => new()
    {
        Incarnation = new Incarnation(1), At = DateTimeOffset.UnixEpoch, Ran = TimeSpan.Zero, Reason = reason, Asked = false,
    };
}
