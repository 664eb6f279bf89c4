using Zurg.Cli;

namespace Zurg.Tests.Cli;

public sealed class CommandLineTests
{
    private readonly Screens _screens = new();

    [Theory]
    [InlineData("stats", "unknown verb 'stats'", "did you mean 'zurg status'?")]
    [InlineData("xyzzy", "unknown verb 'xyzzy'", "zurg --help lists the verbs")]
    [InlineData("status --wtach", "'--wtach'", "did you mean '--watch'?")]
    [InlineData("spec shwo", "'shwo'", "did you mean 'show'?")]
    [InlineData("spec", "one is needed of history, show", "zurg spec --help")]
    [InlineData("release push web", "VERSION and DIR are missing", "zurg release push --help")]
    [InlineData("explain web.0", "is an instance of web", "zurg explain --help")]
    [InlineData("explain Web", "is no service name", "zurg explain --help")]
    [InlineData("restart web.x", "is no instance", "SERVICE.INDEX")]
    public async Task Bad_usage_is_exit_code_2_and_says_what_is_right(string line, string says, string hints)
    {
        var directory = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(directory, "token"), "t");
        var surroundings = Screens.At(directory, ("ZURG_MASTER", "http://127.0.0.1:1"), ("ZURG_TOKEN_FILE", "token"));
        Assert.Equal(ExitCode.BadUsage, await CommandLine.RunAsync(line.Split(' '), _screens.Pipe, surroundings));
        Assert.Contains(says, _screens.Errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(hints, _screens.Errors.ToString(), StringComparison.Ordinal);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Help_is_found_by_every_spelling()
    {
        foreach (var words in (string[][])[["help", "apply"], ["apply", "--help"], ["apply", "-h"]])
        {
            var screens = new Screens();
            Assert.Equal(ExitCode.Done, await CommandLine.RunAsync(words, screens.Pipe, Screens.At("/")));
            Assert.Contains("usage: zurg apply [FILE] [options]", screens.Output.ToString(), StringComparison.Ordinal);
            Assert.Contains("examples:", screens.Output.ToString(), StringComparison.Ordinal);
        }
    }
}
