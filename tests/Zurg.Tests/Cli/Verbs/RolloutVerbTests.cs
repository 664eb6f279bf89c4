using System.Net;
using System.Text.Json;
using Zurg.Cli;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Verbs;

public sealed class RolloutVerbTests : IDisposable
{
    private const string Old = "services:\n  web: { release: '1.0', run: x }\n";

    private readonly TemporaryDirectory _directory = new();
    private readonly Screens _screens = new();
    private readonly ScriptedMaster _master = new();

    public void Dispose()
    {
        _master.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_watched_start_tells_each_change_once_and_ends_with_the_rollout()
    {
        Started().OnStatus(
            Rollouts.Status(null), Rollouts.Status(Rollouts.Running), Rollouts.Status(Rollouts.Running),
            Rollouts.Status(Rollouts.Complete));
        Assert.Equal(ExitCode.Done, await RunAsync("rollout start web 1.1 --watch"));
        Assert.Equal(
            "web goes from 1.0 to 1.1, as spec 7\n"
            + "rollout 4 of web: running, 1 of 4 have 1.1, stage 1 of 4\n"
            + "rollout 4 of web: complete, 4 of 4 have 1.1\n"
            + "rollout 4 of web is complete: all run 1.1, after 12s\n",
            _screens.Output.ToString());
        Assert.Contains(
            "POST /v1/services/web/rollout/start?author=ann \"6\" {\"release\":\"1.1\"}", _master.Asked);
    }

    [Fact]
    public async Task One_that_was_taken_back_fails_with_its_reason()
    {
        Started().OnStatus(Rollouts.Status(Rollouts.GoingBack), Rollouts.Status(Rollouts.TakenBack));
        Assert.Equal(ExitCode.Failed, await RunAsync("rollout start web 1.1 --watch"));
        Assert.Contains(
            "error: rollout 4 of web was taken back, all run 1.0 again: web.0 ended by itself\n", _screens.Errors.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_master_that_goes_away_meanwhile_is_waited_for()
    {
        Started().OnStatus(Rollouts.Status(Rollouts.Running)).OnStatus(Rollouts.Status(Rollouts.Complete));
        Assert.Equal(ExitCode.Done, await RunAsync("rollout start web 1.1 --watch"));
        Assert.Contains("the master has ended the stream; waiting for it", _screens.Errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Old, true)]
    [InlineData("services:\n  web: { release: web@1.1, run: x }\n", false)]
    [InlineData("services: {}\n", false)]
    public async Task The_file_that_still_says_the_old_release_is_named(string file, bool told)
    {
        Started().On("PUT /v1/spec", new ApplyResult { Number = new SpecNumber(6), Planned = false },
            WireJson.Default.ApplyResult);
        File.WriteAllText(_directory["cluster.yaml"], file);
        Assert.Equal(ExitCode.Done, await RunAsync("apply"));
        Assert.Equal(ExitCode.Done, await RunAsync("rollout start web 1.1"));
        Assert.Equal(told, _screens.Errors.ToString().Contains(
            "cluster.yaml still says another release of web: write 1.1 there too", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("rollout")]
    [InlineData("rollout status")]
    public async Task Alone_it_lists(string line)
    {
        _master.On("GET /v1/rollouts", [Rollouts.Complete], WireJson.Default.ImmutableArrayRolloutStatus);
        Assert.Equal(ExitCode.Done, await RunAsync(line));
        Assert.Contains("web      4        complete", _screens.Output.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await RunAsync(line + " --json"));
        Assert.Contains("\"number\": 4", _screens.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_are_passed_on_and_refusals_are_the_master_s()
    {
        _master.On(
            "POST /v1/services/web/rollout/promote", new ActionAccepted("it goes on"), WireJson.Default.ActionAccepted,
            HttpStatusCode.Accepted);
        _master.On(
            "POST /v1/services/web/rollout/pause", new ApiProblem { Title = "x", Status = 409, Detail = "paused already" },
            WireJson.Default.ApiProblem, HttpStatusCode.Conflict);
        Assert.Equal(ExitCode.Done, await RunAsync("rollout promote web --all"));
        Assert.Contains("POST /v1/services/web/rollout/promote?author=ann&all=true", _master.Asked);
        Assert.Equal("it goes on\n", _screens.Output.ToString());
        Assert.Equal(ExitCode.Failed, await RunAsync("rollout pause web"));
        Assert.Equal("error: paused already\n", _screens.Errors.ToString());
        Assert.Equal(ExitCode.BadUsage, await RunAsync("rollout --watch"));
        Assert.Equal(ExitCode.BadUsage, await RunAsync("rollout strat web 1"));
    }

    [Fact]
    public async Task A_revert_is_not_taken_for_seen_so_that_an_apply_of_the_old_file_is_refused()
    {
        File.WriteAllText(_directory["cluster.yaml"], Old);
        Started();
        _master.On("PUT /v1/spec", new ApplyResult { Number = new SpecNumber(6), Planned = false }, WireJson.Default.ApplyResult)
            .On("POST /v1/specs/revert", new ApplyResult { Number = new SpecNumber(8), Planned = false },
                WireJson.Default.ApplyResult);
        Assert.Equal(ExitCode.Done, await RunAsync("apply"));
        Assert.Equal(ExitCode.Done, await RunAsync("spec revert 5"));
        Assert.Equal(ExitCode.Done, await RunAsync("apply"));
        Assert.StartsWith("PUT /v1/spec?plan=false&author=ann \"6\"", _master.Asked[^1], StringComparison.Ordinal);
    }

    private ScriptedMaster Started() => _master
        .On("GET /v1/spec", JsonSerializer.Deserialize(
            """
            {"number":6,"author":"bob","at":"2026-01-01T00:00:00Z","text":"","based_on":5,"instance_digests":{},
             "spec":{"cluster":"c","cells":[],"services":[],"settings":{},"routes":[]}}
            """, WireJson.Default.AppliedSpec)!, WireJson.Default.AppliedSpec)
        .On("POST /v1/services/web/rollout/start", new RolloutStarted(
            new SpecNumber(7), 3, "web goes from 1.0 to 1.1, as spec 7"), WireJson.Default.RolloutStarted,
            HttpStatusCode.Accepted);

    private async Task<int> RunAsync(string line)
    {
        File.WriteAllText(_directory["token"], "t");
        var surroundings = Screens.At(
            _directory.Path, ("ZURG_MASTER", "http://127.0.0.1:1"), ("ZURG_TOKEN_FILE", "token"), ("ZURG_AUTHOR", "ann"),
            ("XDG_STATE_HOME", _directory.Path)) with { Http = _master };
        return await CommandLine.RunAsync(line.Split(' '), _screens.Pipe, surroundings).WaitAsync(TimeSpan.FromSeconds(30));
    }
}
