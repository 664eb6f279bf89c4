using System.Text.Json;
using Zurg.Cli;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Verbs;

public sealed class WatchVerbTests
{
    [Theory]
    [InlineData("watch nope")]
    [InlineData("watch nope --json")]
    public async Task An_unknown_service_is_refused_and_not_watched_for_ever(string line)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["token"], "t");
        var screens = new Screens();
        using var master = new FakeMaster();
        var surroundings = Screens.At(directory.Path, ("ZURG_MASTER", "http://127.0.0.1:1"), ("ZURG_TOKEN_FILE", "token")) with
        {
            Http = master,
        };
        var exit = await CommandLine.RunAsync(line.Split(' '), screens.Pipe, surroundings).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(ExitCode.Failed, exit);
        var said = screens.Errors.ToString();
        if (line.EndsWith("--json", StringComparison.Ordinal))
        {
            var problem = JsonSerializer.Deserialize(said, WireJson.Default.ApiProblem)!;
            Assert.Equal((404, "did you mean 'web'?"), (problem.Status, problem.Mend));
        }
        else
        {
            Assert.Contains("did you mean 'web'?", said, StringComparison.Ordinal);
        }
    }
}
