using System.Globalization;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Tests.Agent.Processes;

public sealed class ProcessTreeTests : IDisposable
{
    private readonly ProcessBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_process_that_ignores_TERM_is_killed_with_its_children()
    {
        var process = _bench.Shell(
            "trap '' TERM; (trap '' TERM; echo ready >> ready; while :; do sleep 1; done) & wait; while :; do sleep 1; done");
        await UntilFileAsync("ready");
        Assert.Equal(SignalOutcome.Sent, ProcessTree.Signal(process, "TERM"));
        Assert.True(Living(process).Count >= 2);
        await KillAsync(process);
        Assert.Empty(Living(process));
        Assert.Equal(9, (await ProcessBench.ExitOf(process)).Signal);
    }

    [Fact]
    public async Task A_daemon_that_forked_twice_into_a_session_of_its_own_is_found_and_killed()
    {
        var process = _bench.Shell("setsid sh -c 'setsid sh -c \"echo \\$\\$ > daemon; sleep 60\" & exit 0' & wait; exit 0");
        await ProcessBench.ExitOf(process);
        var daemon = await PidFromAsync("daemon");
        Assert.NotEqual(process.Pid, ProcessStat.Read(daemon)!.Value.Session);
        Assert.Contains(Living(process), p => p.Pid == daemon);
        await KillAsync(process);
        Assert.True(ProcessStat.Read(daemon) is null or { IsDead: true });
    }

    [Fact]
    public async Task A_child_without_the_token_is_found_by_its_session_after_its_parent_is_gone()
    {
        var process = _bench.Shell(
            "env -i /bin/sh -c 'echo $$ > child; exec /bin/sleep 60' & while [ ! -s child ]; do :; done; exit 0");
        await ProcessBench.ExitOf(process);
        var child = await PidFromAsync("child");
        Assert.Contains(Living(process), p => p.Pid == child);
        Assert.Empty(ProcessTree.Living(process, _bench.Token, false));
        await KillAsync(process);
        Assert.True(ProcessStat.Read(child) is null or { IsDead: true });
    }

    [Fact]
    public async Task Fifty_children_that_keep_forking_are_all_killed()
    {
        var script = _bench.Script(
            """
            #!/bin/sh
            # Each child lives a moment and leaves another behind, so there is always one that was not seen yet.
            i=0
            while [ $i -lt 50 ]; do
              setsid sh -c 'n=0; while [ $n -lt 2000 ]; do sleep 0.05; n=$((n+1)); done' &
              i=$((i+1))
            done
            echo all > all
            wait
            """);
        var process = _bench.Start(_bench.Request(script));
        await UntilFileAsync("all");
        Assert.True(Living(process).Count > 50);
        await KillAsync(process);
        Assert.Empty(Living(process));
    }

    [Fact]
    public async Task A_pid_that_is_anothers_by_now_is_neither_signalled_nor_killed()
    {
        var other = _bench.Shell("sleep 60");
        var stale = other with { StartTicks = other.StartTicks - 1 };
        Assert.Equal(SignalOutcome.Gone, ProcessTree.Signal(stale, "KILL"));
        await ProcessTree.KillAsync(stale, "another/token", true, TimeProvider.System, CancellationToken.None);
        Assert.True(ProcessStat.IsAlive(other));
    }

    [Fact]
    public async Task TERM_reaches_the_group_and_each_of_it_once()
    {
        var process = _bench.Shell(
            "trap 'echo parent >> got; exit 0' TERM; "
            + "(trap 'echo child >> got; exit 0' TERM; echo >> up; while :; do sleep 0.01; done) & "
            + "echo >> up; while :; do sleep 0.01; done");
        var up = Path.Combine(_bench.Directory, "up");
        await ProcessBench.UntilAsync(() => File.Exists(up) && File.ReadAllLines(up).Length == 2, "both to be up");
        ProcessTree.Signal(process, "TERM");
        await ProcessBench.ExitOf(process);
        var got = Path.Combine(_bench.Directory, "got");
        await ProcessBench.UntilAsync(() => File.Exists(got) && File.ReadAllLines(got).Length >= 2, "both signals");
        Assert.Equal(["child", "parent"], File.ReadAllLines(got).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task HUP_is_for_the_main_process_alone()
    {
        var process = _bench.Shell(
            "trap 'echo hup > hup' HUP; sleep 60 & echo $! > child; echo >> up; while :; do sleep 0.01; done");
        await UntilFileAsync("up");
        var child = await PidFromAsync("child");
        Assert.Equal(SignalOutcome.Sent, ProcessTree.Signal(process, "HUP"));
        await UntilFileAsync("hup");
        Assert.True(ProcessStat.Read(child) is { IsDead: false });
    }

    [Fact]
    public async Task A_signal_to_what_has_ended_says_so()
    {
        var process = _bench.Shell("exit 0");
        await ProcessBench.ExitOf(process);
        Assert.Equal(SignalOutcome.Gone, ProcessTree.Signal(process, "TERM"));
        Assert.Equal(SignalOutcome.Refused, ProcessTree.Signal(process, "NONSENSE"));
    }

    [Fact]
    public void The_agent_never_counts_itself_or_its_parents()
    {
        var self = ProcessStat.Read(Environment.ProcessId)!.Value;
        var living = ProcessTree.Living(ProcessStat.Read(1)!.Value.Identity, "no/token", true);
        Assert.DoesNotContain(living, p => p.Pid == self.Pid || p.Pid == self.Parent || p.Pid == 1);
    }

    private List<ProcessStat> Living(ProcessIdentity process) => ProcessTree.Living(process, _bench.Token, true);

    private Task KillAsync(ProcessIdentity process) =>
        ProcessTree.KillAsync(process, _bench.Token, true, TimeProvider.System, CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(20));

    private Task UntilFileAsync(string name) =>
        ProcessBench.UntilAsync(() => File.Exists(Path.Combine(_bench.Directory, name)), $"the file {name}");

    private async Task<int> PidFromAsync(string name)
    {
        var path = Path.Combine(_bench.Directory, name);
        await ProcessBench.UntilAsync(() => File.Exists(path) && File.ReadAllText(path).EndsWith('\n'), $"a pid in {name}");
        return int.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture);
    }
}
