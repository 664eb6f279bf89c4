using Zurg.Agent.Logs;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Logs;

public sealed class TimesFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void An_entry_that_was_cut_is_written_over_and_a_missing_file_has_none()
    {
        var path = _directory["a.times"];
        Assert.Empty(TimesFile.Read(path));
        TimesFile.Append(path, new LogTime(1, LogBench.Noon));
        File.AppendAllText(path, "cut");
        Assert.Single(TimesFile.Read(path));
        TimesFile.Append(path, new LogTime(2, LogBench.Noon));
        Assert.Equal([new LogTime(1, LogBench.Noon), new LogTime(2, LogBench.Noon)], TimesFile.Read(path).ToArray());
    }
}
