namespace Zurg.E2E;

/// <summary>What every call of zurg promises: exit codes, kind refusals, a launcher that works from anywhere.</summary>
public sealed class LauncherTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("zurg-launcher-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task It_works_from_any_directory_and_through_a_link()
    {
        var link = Path.Combine(_directory, "z");
        File.CreateSymbolicLink(link, ZurgProgram.Launcher);
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(
                link, ["version"]) { WorkingDirectory = _directory, UseShellExecute = false, RedirectStandardOutput = true })!;
        Assert.StartsWith("zurg ", await process.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    [Theory]
    [InlineData("stats", "did you mean 'zurg status'?")]
    [InlineData("status --wtach", "did you mean '--watch'?")]
    [InlineData("explain", "zurg explain --help")]
    [InlineData("explain No_Name", "is no service name")]
    [InlineData("dev --hosts 0", "--hosts takes 1 to 100")]
    public async Task Bad_usage_is_exit_code_2_and_says_what_is_right(string line, string says)
    {
        var ran = await ZurgProgram.RunAsync(_directory, line.Split(' '));
        Assert.Equal(2, ran.ExitCode);
        Assert.Contains(says, ran.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_cluster_a_verb_says_how_to_get_one()
    {
        var ran = await ZurgProgram.RunAsync(_directory, "status");
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("zurg dev", ran.Errors, StringComparison.Ordinal);
    }
}
