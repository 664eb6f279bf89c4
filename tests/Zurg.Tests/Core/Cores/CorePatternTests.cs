using Zurg.Core;

namespace Zurg.Tests.Core.Cores;

public sealed class CorePatternTests
{
    [Theory]
    [InlineData("core\n", false, "/run/web", "core")]
    [InlineData("core", true, "/run/web", "core.41")]
    [InlineData("core.%p", true, "/run/web", "core.41")]
    [InlineData("core.%%p", true, "/run/web", "core.%p.41")]
    [InlineData("%e-%p-%s", false, "/run/web", "*-41-11")]
    [InlineData("/var/cores/%h.%t.%p", false, "/var/cores", "*.*.41")]
    [InlineData("/var/cores/%E", false, "/var/cores", "*")]
    [InlineData("cores/%p", false, "/run/web/cores", "41")]
    [InlineData("100%%.%p%", false, "/run/web", "100%.41")]
    [InlineData("a%zb", false, "/run/web", "ab")]
    public void A_pattern_names_a_directory_and_what_is_known_of_the_name(
        string pattern, bool usesPid, string directory, string name) =>
        Assert.Equal(new CorePattern.InFile(directory, name), CorePattern.Of(pattern, usesPid, 41, 11, "/run/web"));

    [Fact]
    public void A_pipe_is_told_by_its_program() =>
        Assert.Equal(
            new CorePattern.Piped("/usr/lib/systemd/systemd-coredump"),
            CorePattern.Of("|/usr/lib/systemd/systemd-coredump %P %u %g", false, 41, 11, "/run/web"));

    [Fact]
    public void An_empty_pattern_writes_none_unless_the_pid_is_a_name() =>
        Assert.Equal(
            [new CorePattern.None(), new CorePattern.InFile("/run/web", ".41")],
            [CorePattern.Of("\n", false, 41, 11, "/run/web"), CorePattern.Of("\n", true, 41, 11, "/run/web")]);
}
