using System.Net;
using Zurg.Cli;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Cli.Verbs;

public sealed class LostVerbTests : IDisposable
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
    public async Task Without_yes_it_says_what_would_happen_and_does_nothing()
    {
        _master.On("GET /v1/hosts/host1", Host(HostSession.Silent), WireJson.Default.HostStatus, HttpStatusCode.OK);
        Assert.Equal(ExitCode.Failed, await RunAsync("lost", "host1"));

        Assert.Contains("host1 has been silent for", _screens.Errors.ToString(), StringComparison.Ordinal);
        Assert.Contains("if it is gone: zurg lost host1 --yes", _screens.Errors.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(_master.Asked, a => a.StartsWith("POST", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(HostSession.Connected, "zurg drain host1 moves everything away")]
    [InlineData(HostSession.Lost, "host1 is lost already, by word of ann")]
    public async Task One_that_is_not_silent_is_told_apart(HostSession session, string text)
    {
        _master.On("GET /v1/hosts/host1", Host(session), WireJson.Default.HostStatus, HttpStatusCode.OK);
        Assert.Equal(ExitCode.Failed, await RunAsync("lost", "host1"));
        Assert.Contains(text, _screens.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_yes_it_is_said_with_the_reason_and_the_author()
    {
        _master.On(
            "POST /v1/hosts/host1/lost", new ActionAccepted("host1 is lost"), WireJson.Default.ActionAccepted,
            HttpStatusCode.Accepted);
        Assert.Equal(ExitCode.Done, await RunAsync("lost", "host1", "--yes", "--why", "burnt"));

        Assert.Equal("host1 is lost\n", _screens.Output.ToString());
        Assert.Contains("POST /v1/hosts/host1/lost?author=ann {\"why\":\"burnt\"}", _master.Asked);
    }

    private static HostStatus Host(HostSession session) => Zurg.Core.StatusView.HostsOf(World.Of("host1@az1").State)[0] with
    {
        Session = session,
        Lost = session == HostSession.Lost ? new LostIntent(World.Noon, World.Noon, "ann") : null,
    };

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
