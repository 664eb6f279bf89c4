using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Processes;

namespace Zurg.Tests.Agent.Hands;

public sealed class WatchdogHandsTests : IAsyncLifetime
{
    /// <summary>Says each of its arguments, 100 ms apart, and the last one again and again.</summary>
    private const string Talker = "#!/usr/bin/perl\nuse Socket;\nmy $n = $ENV{NOTIFY_SOCKET}; $n =~ s/^@/\\0/;\n"
        + "socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;\nmy $to = pack_sockaddr_un($n);\nmy $word = '';\n"
        + "while (1) { $word = shift @ARGV if @ARGV; send($s, $word, 0, $to) if length $word; select(undef,undef,undef,.1); }\n";

    private readonly HandsBench _bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Theory]
    [InlineData(ProbeKind.Notify, "READY=1", "")]
    [InlineData(null, "WATCHDOG=1", "")]
    [InlineData(null, "")]
    public async Task A_process_that_falls_silent_is_told_once(ProbeKind? probe, params string[] words)
    {
        var watch = await RunAsync(TimeSpan.FromMilliseconds(700), probe, words);
        var expired = await _bench.NextAsync<AgentInput.WatchdogExpired>();
        Assert.Equal((watch.Assigned.Instance, watch.Incarnation), (expired.Instance, expired.Incarnation));
        Assert.StartsWith("it has not said WATCHDOG=1 for", expired.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_says_that_it_lives_is_left_alone_until_it_gives_up()
    {
        var alive = Enumerable.Repeat("WATCHDOG=1", 20);
        await RunAsync(TimeSpan.FromMilliseconds(1500), ProbeKind.Notify, ["READY=1", .. alive, "WATCHDOG=trigger"]);
        var expired = await _bench.NextAsync<AgentInput.WatchdogExpired>();
        Assert.Equal("it says so itself (WATCHDOG=trigger)", expired.Text);
    }

    [Fact]
    public async Task After_StopProbe_silence_says_nothing()
    {
        var watch = await RunAsync(TimeSpan.FromMilliseconds(300), null, "");
        _bench.Hands.Begin(new AgentEffect.StopProbe(watch.Assigned.Instance, watch.Incarnation));
        await Assert.ThrowsAsync<TimeoutException>(
            () => _bench.NextAsync<AgentInput.WatchdogExpired>().WaitAsync(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task STOPPING_makes_it_unready_at_once_and_another_main_process_is_not_followed()
    {
        await RunAsync(TimeSpan.FromMinutes(1), ProbeKind.Notify, "READY=1", "MAINPID=1", "STOPPING=1");
        var other = (await _bench.NextAsync<AgentInput.Happened>()).Text;
        Assert.Contains("MAINPID=1, which is not followed", other, StringComparison.Ordinal);
        Assert.True((await _bench.NextAsync<AgentInput.Probed>()).Answer is { Passed: false, AtOnce: true });
    }

    [Fact]
    public async Task Stacks_are_on_the_disk_before_the_tree_is_killed()
    {
        var watch = await RunAsync(TimeSpan.FromMinutes(1), null, "");
        await ProcessBench.UntilAsync(
            () => File.ReadAllText($"/proc/{watch.Process.Pid}/wchan") is not ("0" or ""), "its sleep");
        _bench.Hands.Begin(new AgentEffect.KeepStacks(watch.Assigned.Instance, watch.Incarnation, watch.Process));
        _bench.Hands.Begin(new AgentEffect.KillTree(watch.Assigned.Instance, watch.Incarnation, watch.Process));
        var kept = await _bench.NextAsync<AgentInput.Happened>();
        await _bench.NextAsync<AgentInput.TreeGone>();
        var path = Path.Combine(_bench.Paths.Stacks, "web.0", "1.txt");
        Assert.Equal((EventKind.StacksKept, $"what 1 thread of 1 process were doing is in {path}"), (kept.Kind, kept.Text));
        var stacks = await File.ReadAllTextAsync(path);
        Assert.Contains($"process {watch.Process.Pid}, child of", stacks, StringComparison.Ordinal);
        Assert.Contains("State: S", stacks, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    private async Task<AgentEffect.Watch> RunAsync(TimeSpan timeout, ProbeKind? probe, params string[] words)
    {
        _bench.AddFile("run", Talker);
        var assigned = AgentSamples.Assigned(s => s with
        {
            Args = [.. words], Watchdog = new WatchdogSpec(timeout), Probe = probe is { } kind ? AgentSamples.Probe(kind) : null,
        });
        var (launch, process) = await _bench.RunAsync(assigned);
        Assert.Equal(((long)timeout.TotalMicroseconds).ToString(System.Globalization.CultureInfo.InvariantCulture),
            launch.Env["WATCHDOG_USEC"]);
        if (probe is not null)
        {
            _bench.Probe(assigned, launch, process);
            Assert.True((await _bench.NextAsync<AgentInput.Probed>()).Answer.Passed);
        }

        var watch = new AgentEffect.Watch(assigned, AgentSamples.First, process);
        _bench.Hands.Begin(watch);
        return watch;
    }
}
