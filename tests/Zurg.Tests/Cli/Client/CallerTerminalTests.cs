using System.Collections.Concurrent;
using Zurg.Agent.Processes;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

public sealed class CallerTerminalTests
{
    // signal(7)
    private const int Continued = 18;
    private const int WindowChanged = 28;

    [Fact]
    public void It_is_raw_until_it_is_left_and_then_exactly_as_before()
    {
        using var terminal = new TestTerminal();
        var before = terminal.Settings;
        using (terminal.Caller.Enter(_ => { }))
        {
            foreach (var setting in (string[])["-icanon", "-isig", "-echo", "-opost", "-ixon"])
            {
                Assert.Contains(setting, terminal.Settings, StringComparison.Ordinal);
            }
        }

        Assert.Equal(before, terminal.Settings);
        Assert.DoesNotContain("-icanon", before, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_size_is_told_at_once_and_when_it_changes_and_its_modes_are_set_anew_when_the_process_goes_on()
    {
        using var terminal = new TestTerminal();
        var told = new ConcurrentQueue<ExecWindow>();
        using (terminal.Caller.Enter(told.Enqueue))
        {
            Assert.Equal([new ExecWindow(99, 33)], told);
            terminal.Resize(120, 40);
            SendSelf(WindowChanged);
            await Eventually.TrueAsync(() => told.LastOrDefault() == new ExecWindow(120, 40), "the new size");

            // A shell gives a stopped process back a terminal of its own making.
            using var stty = System.Diagnostics.Process.Start("stty", ["-F", terminal.Path, "sane"]);
            await stty.WaitForExitAsync();
            Assert.False(terminal.IsRaw);
            SendSelf(Continued);
            await Eventually.TrueAsync(() => terminal.IsRaw, "raw again");
        }
    }

    [Fact]
    public void A_terminal_that_does_not_know_its_size_has_the_usual_one_and_what_is_none_is_refused()
    {
        using var directory = new TemporaryDirectory();
        using var file = File.Create(directory["file"]);
        var none = new CallerTerminal((int)file.SafeFileHandle.DangerousGetHandle());
        Assert.Equal(new ExecWindow(80, 24), none.Window);
        Assert.Throws<IOException>(() => none.Enter(_ => { }));
    }

    private static void SendSelf(int signal) => Assert.Equal(0, Libc.Kill(Environment.ProcessId, signal));
}
