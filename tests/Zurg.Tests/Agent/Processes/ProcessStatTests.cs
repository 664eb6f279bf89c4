using System.Diagnostics;
using Zurg.Agent.Processes;

namespace Zurg.Tests.Agent.Processes;

public sealed class ProcessStatTests
{
    private const int NoEntry = 2;
    private const int NoProcess = 3;
    private const int TooManyFiles = 24;
    private const int IsDirectory = 21;

    [Fact]
    public void A_process_is_alive_until_the_kernel_knows_it_no_more()
    {
        using var sleep = Process.Start("sleep", "1000");
        try
        {
            var identity = ProcessStat.Read(sleep.Id)!.Value.Identity;
            Assert.True(ProcessStat.IsAlive(identity));
            Assert.False(ProcessStat.IsAlive(identity with { StartTicks = identity.StartTicks + 1 }));
            Assert.False(ProcessStat.IsAlive(identity with { BootId = "another boot" }));
            sleep.Kill();
            sleep.WaitForExit();
            Assert.False(ProcessStat.IsAlive(identity));
        }
        finally
        {
            sleep.Kill();
        }
    }

    [Theory]
    [InlineData(-NoEntry, true)]
    [InlineData(-NoProcess, true)]
    [InlineData(-TooManyFiles, false)]
    [InlineData(-IsDirectory, false)]
    public void Only_its_absence_says_that_a_process_is_gone(int length, bool gone) =>
        Assert.Equal(gone, ProcessStat.SaysGone(length));

    [Theory]
    [InlineData("/proc/0/stat", NoEntry)]
    [InlineData("/proc", IsDirectory)]
    public void What_cannot_be_read_is_told_apart(string path, int error) =>
        Assert.Equal(-error, ProcessStat.ReadFile(path, new byte[10]));
}
