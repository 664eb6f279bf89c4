using System.Net;
using Zurg.Cli;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Verbs;

public sealed class ApplyVerbTests : IDisposable
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
    public async Task One_that_takes_a_used_service_out_is_refused_with_its_users_and_the_way_on()
    {
        _master.On(
            "PUT /v1/spec", new ApiProblem
            {
                Title = "x", Status = 409, Detail = "this takes web out", Mend = "end these uses first, or --remove-used",
                Problems = [new Problem("", "job.py on host1: follows it")],
            },
            WireJson.Default.ApiProblem, HttpStatusCode.Conflict);
        Assert.Equal(ExitCode.Failed, await RunAsync("apply", "--no-wait"));

        var said = _screens.Errors.ToString();
        Assert.Contains("job.py on host1: follows it", said, StringComparison.Ordinal);
        Assert.Contains("or --remove-used", said, StringComparison.Ordinal);
        Assert.DoesNotContain("zurg spec", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_taken_out_in_spite_of_its_users_is_applied_with_a_warning()
    {
        _master.On(
            "PUT /v1/spec", new ApplyResult
            {
                Number = new SpecNumber(3), Planned = false, Warnings = ["web leaves, and job.py follows it"],
                Changes = [new SpecChange("services.web", "1", null, [])],
            },
            WireJson.Default.ApplyResult, HttpStatusCode.OK);
        Assert.Equal(ExitCode.Done, await RunAsync("apply", "--remove-used", "--no-wait"));

        Assert.Contains("! web leaves, and job.py follows it", _screens.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains(_master.Asked, a => a.Contains("remove_used=true", StringComparison.Ordinal));
    }

    private async Task<int> RunAsync(params string[] words)
    {
        File.WriteAllText(_directory["token"], "t");
        File.WriteAllText(_directory["cluster.yaml"], "cluster: test\nservices: {}\n");
        var surroundings = Screens.At(
            _directory.Path, ("ZURG_MASTER", "http://127.0.0.1:1"), ("ZURG_TOKEN_FILE", "token"), ("ZURG_AUTHOR", "ann"),
            ("HOME", _directory.Path)) with
        {
            Http = _master,
        };
        return await CommandLine.RunAsync(words, _screens.Pipe, surroundings).WaitAsync(TimeSpan.FromSeconds(30));
    }
}
