using Zurg.Cli;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Rendering;

public sealed class ViewTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_000);

    private static readonly InstanceId Web0 = InstanceId.Parse("web.0");

    private static readonly ClusterStatus Status = new()
    {
        Cluster = new ClusterName("demo"),
        Spec = new SpecNumber(4),
        Converged = false,
        Services =
        [
            new ServiceStatus
            {
                Service = new ServiceName("web"), Release = ReleaseId.Parse("web@1.2.0"), Wanted = 2, Ready = 0, Stopped = false,
                Instances = [new PlacedInstance(Web0, new HostId("host1"), new CellName("az1"), UpToDate: true, null)],
            },
        ],
        Holds = [new Hold(HoldReason.ExecutableMissing, "bin/web is not in web@1.2.0", "correct run") { Instance = Web0 }],
    };

    [Fact]
    public void A_pipe_gets_plain_aligned_lines()
    {
        var text = PlainView.TextOf(StatusView.Of(Status, Now));
        Assert.Contains("SERVICE  RELEASE    READY  STATE\nweb      web@1.2.0  0/2    1 hold\n", text, StringComparison.Ordinal);
        const string hold = "  web.0: executable_missing  bin/web is not in web@1.2.0\n    → correct run\n";
        Assert.Contains(hold, text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
    }

    [Fact]
    public void A_terminal_gets_frames_and_colours_and_the_same_words()
    {
        var screens = new Screens();
        screens.Terminal.Show(StatusView.Of(Status, Now));
        var text = screens.Output.ToString();
        Assert.Contains("╭", text, StringComparison.Ordinal);
        Assert.Contains("\e[", text, StringComparison.Ordinal);
        Assert.Contains("bin/web is not in web@1.2.0", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_problem_shows_its_place_the_line_and_a_caret()
    {
        var screens = new Screens();
        var failure = new VerbFailedException("one thing is wrong: nothing was applied")
        {
            Problems = [new Problem("services.web", "unknown key 'instnaces'", "did you mean 'instances'?", 3, 5)],
            Given = ("cluster.yaml", "services:\n  web:\n    instnaces: 2\n"),
        };
        ProblemView.Write(failure, screens.Pipe);
        Assert.Equal(
            "error: one thing is wrong: nothing was applied\n"
            + "cluster.yaml:3:5: unknown key 'instnaces' (did you mean 'instances'?)\n"
            + "     3 |     instnaces: 2\n"
            + "       |     ^\n",
            screens.Errors.ToString());
    }

    [Theory]
    [InlineData(InstancePhase.Running, true, null, "ready", 60)]
    [InlineData(InstancePhase.Running, false, null, "unhealthy", 60)]
    [InlineData(InstancePhase.Running, true, true, "ready, hidden", 60)]
    [InlineData(InstancePhase.Starting, false, true, "starting", 60)]
    public void An_instance_is_what_its_agent_says(
        InstancePhase phase, bool healthy, bool? unlisted, string word, int seconds)
    {
        var placed = Placed(phase, healthy) with { Unlisted = unlisted };
        Assert.Equal(word, StatusView.PhaseOf(placed).Text);
        Assert.Equal(TimeSpan.FromSeconds(seconds), Now - StatusView.SinceOf(placed));
    }

    [Fact]
    public void An_instance_that_is_told_to_refuse_is_no_instance_that_serves() => Assert.Equal(
        "ready, refuses",
        StatusView.PhaseOf(Placed(InstancePhase.Running, healthy: true) with { Unlisted = true, Refuse = true }).Text);

    [Theory]
    [InlineData(InstancePhase.Running, true, "draining", 3)]
    [InlineData(InstancePhase.Running, false, "draining", 3)]
    [InlineData(InstancePhase.Stopping, false, "stopping", 60)]
    public void An_instance_is_draining_from_the_decision_until_its_stop_begins(
        InstancePhase phase, bool healthy, string word, int seconds)
    {
        var placed = Placed(phase, healthy) with { DrainingSince = Now.AddSeconds(-3) };
        Assert.Equal(word, StatusView.PhaseOf(placed).Text);
        Assert.Equal(TimeSpan.FromSeconds(seconds), Now - StatusView.SinceOf(placed));
    }

    private static PlacedInstance Placed(InstancePhase phase, bool healthy) => new(
        Web0, new HostId("host1"), new CellName("az1"), UpToDate: true, new InstanceStatus
        {
            Instance = Web0, Incarnation = new Incarnation(1), Phase = phase, Healthy = healthy, Spec = Digest.Of("x"u8),
            Release = ReleaseId.Parse("web@1.2.0"), Restarts = 0, Since = Now.AddMinutes(-1), Crashes = 0,
        });

    [Theory]
    [InlineData(0.25, "250ms")]
    [InlineData(90, "90s")]
    [InlineData(600, "10m")]
    [InlineData(7_300, "2h")]
    [InlineData(200_000, "2d")]
    [InlineData(-5, "0s")]
    public void Ages_keep_two_digits(double seconds, string shown) =>
        Assert.Equal(shown, Measures.Age(TimeSpan.FromSeconds(seconds)));
}
