using System.Net;
using Zurg.Cli;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Cli.Verbs;

public sealed class DrainVerbTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Screens _screens = new();
    private readonly ScriptedMaster _master = new();

    public void Dispose()
    {
        _master.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task It_ends_when_the_host_is_empty()
    {
        Accepted().OnStatus(Status(left: true), Status(left: true), Status(left: false));
        Assert.Equal(ExitCode.Done, await RunAsync("drain", "host1", "--why", "new disks"));
        Assert.Equal("it is emptied\nhost1: 2 left: web.0, web.1\nhost1 is empty\n", _screens.Output.ToString());
        Assert.Contains("POST /v1/hosts/host1/drain?author=ann {\"why\":\"new disks\"}", _master.Asked);
    }

    [Fact]
    public async Task One_that_is_drained_already_is_waited_for_all_the_same()
    {
        _master.On(
            "POST /v1/hosts/host1/drain", new ApiProblem { Title = "x", Status = 409, Detail = "drained already" },
            WireJson.Default.ApiProblem, HttpStatusCode.Conflict);
        _master.OnStatus(Status(left: false));
        Assert.Equal(ExitCode.Done, await RunAsync("drain", "host1"));
        Assert.Contains("drained already", _screens.Errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, await RunAsync("drain", "host1", "--no-wait"));
    }

    [Fact]
    public async Task One_that_somebody_takes_back_meanwhile_fails()
    {
        Accepted().OnStatus(Status(left: true), Status(left: true, drained: false));
        Assert.Equal(ExitCode.Failed, await RunAsync("drain", "host1"));
        Assert.Contains("host1 is drained no longer", _screens.Errors.ToString(), StringComparison.Ordinal);
    }

    private ScriptedMaster Accepted() => _master.On(
        "POST /v1/hosts/host1/drain", new ActionAccepted("it is emptied"), WireJson.Default.ActionAccepted,
        HttpStatusCode.Accepted);

    private static ClusterStatus Status(bool left, bool drained = true)
    {
        var status = Rollouts.Status(null);
        var intent = new HostIntent { Host = new HostId("host1"), Drained = true, At = Rollouts.Now, By = "ann" };
        return status with
        {
            Services = left ? status.Services : [],
            Hosts =
            [
                Zurg.Core.StatusView.HostsOf(World.Of("host1@az1").State)[0] with { Drained = drained ? intent : null },
            ],
        };
    }

    private async Task<int> RunAsync(params string[] words)
    {
        File.WriteAllText(_directory["token"], "t");
        var surroundings = Screens.At(
            _directory.Path, ("ZURG_MASTER", "http://127.0.0.1:1"), ("ZURG_TOKEN_FILE", "token"), ("ZURG_AUTHOR", "ann")) with
        {
            Http = _master,
        };
        return await CommandLine.RunAsync(words, _screens.Pipe, surroundings).WaitAsync(TimeSpan.FromSeconds(30));
    }
}
