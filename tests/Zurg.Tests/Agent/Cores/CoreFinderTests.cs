using Zurg.Agent.Cores;
using Zurg.Agent.Processes;

namespace Zurg.Tests.Agent.Cores;

public sealed class CoreFinderTests : IDisposable
{
    private readonly CoreBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task The_one_of_the_pid_is_found_and_no_other()
    {
        _bench.Pattern("core.%e.%t");
        _bench.Core(40, "core.web.1");
        var ours = _bench.Core(41, "core.web.2");
        File.WriteAllText(Path.Combine(_bench.Work, "core.web.3"), "not a core");
        Assert.Equal(new CoreSearch.Found(ours, IsOurs: true), await FindAsync());
    }

    [Fact]
    public async Task A_link_of_the_service_is_not_followed()
    {
        var elsewhere = _bench.Core(41, "elsewhere");
        File.CreateSymbolicLink(Path.Combine(_bench.Work, "core"), elsewhere);
        Assert.Contains("there is none", (await AbsentAsync()).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("|/usr/share/apport/apport %p", "gives core dumps to /usr/share/apport/apport")]
    [InlineData("/nowhere/core.%p", "/nowhere, which is not there")]
    [InlineData("/nowhere/%h/core.%p", "/nowhere/*, which is not there")]
    public async Task What_keeps_it_away_is_said(string pattern, string why)
    {
        _bench.Pattern(pattern);
        Assert.Contains(why, (await AbsentAsync()).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_systemd_compresses_is_waited_for_and_left_to_it()
    {
        _bench.Pattern("|/usr/lib/systemd/systemd-coredump %P");
        var boot = ProcessStat.BootId.Replace("-", "", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_bench.Systemd, $"core.my.web.0.{boot}.40.1700000000000000.zst"), "other pid");
        var earlier = new string('0', boot.Length);
        File.WriteAllText(Path.Combine(_bench.Systemd, $"core.my.web.0.{earlier}.41.1700000000000000.zst"), "other boot");
        var finding = FindAsync();
        var path = Path.Combine(_bench.Systemd, $"core.my.web.0.{boot}.41.1700000000000000.zst");
        await File.WriteAllTextAsync(path, "compressed");
        Assert.Equal(new CoreSearch.Found(path, IsOurs: false), await finding);
    }

    private Task<CoreSearch> FindAsync() =>
        new CoreFinder(_bench.Settings, TimeProvider.System).FindAsync(_bench.Dumped(), CancellationToken.None);

    private async Task<CoreSearch.Absent> AbsentAsync() => Assert.IsType<CoreSearch.Absent>(await FindAsync());
}
