using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Agent.Hands;

namespace Zurg.Tests.Agent.Probes;

/// <summary>Probes of real processes through the hands. perl is on every Debian and listens in a line.</summary>
public sealed class ProbeLoopTests : IAsyncLifetime
{
    private const string Listen =
        "#!/usr/bin/perl\nuse IO::Socket::INET;\n"
        + "my $s = IO::Socket::INET->new("
        + "LocalAddr => '127.0.0.1', LocalPort => $ENV{PORT_HTTP}, Listen => 5, ReuseAddr => 1) or die $!;\n";

    private readonly HandsBench _bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task A_tcp_probe_fails_until_the_instance_listens()
    {
        _bench.AddFile(
            "run", Listen.Replace("my $s", "select(undef, undef, undef, 0.2);\nmy $s", StringComparison.Ordinal) + "sleep 60;\n");
        var answers = await ProbedAsync(ProbeKind.Tcp);
        Assert.Contains("connection refused on 127.0.0.1:", answers[0].Text, StringComparison.Ordinal);
        Assert.True(answers[^1].Passed);
    }

    [Fact]
    public async Task A_child_of_the_instance_may_be_the_one_that_listens()
    {
        _bench.AddFile("serve", Listen + "sleep 60;\n");
        _bench.AddFile("run", $"#!/bin/sh\nsetsid {_bench.Release}/serve &\nwait\n");
        Assert.True((await ProbedAsync(ProbeKind.Tcp))[^1].Passed);
    }

    [Fact]
    public async Task A_pass_after_a_pass_is_not_told_and_one_after_a_failure_is()
    {
        _bench.AddFile("run", Listen + "for (1 .. 4) { close($s->accept); }\nclose $s;\n"
            + "until (-e 'again') { select(undef, undef, undef, 0.02); }\n"
            + Listen[Listen.IndexOf("my $s", StringComparison.Ordinal)..].Replace("my $s", "$s", StringComparison.Ordinal)
            + "sleep 60;\n");
        var assigned = Assigned(ProbeKind.Tcp);
        var (launch, process) = await _bench.RunAsync(assigned);
        _bench.Probe(assigned, launch, process);
        await UntilAsync(a => a.Passed);
        Assert.False((await _bench.NextAsync<AgentInput.Probed>()).Answer.Passed);
        await File.WriteAllTextAsync(Path.Combine(launch.WorkingDirectory, "again"), "");
        await UntilAsync(a => a.Passed);
    }

    [Theory]
    [InlineData("200 OK", true, "answered 200")]
    [InlineData("302 Found\\r\\nLocation: http://127.0.0.1:1/", true, "answered 302")]
    [InlineData("503 No", false, "answered 503")]
    [InlineData("503 No\\r\\nzurg-draining: web.0", false, "answered 503")]
    [InlineData("500 No\\r\\nzurg-draining: web.0; refused", false, "answered 500")]
    [InlineData("503 No\\r\\nzurg-draining: web.0; refused", false, "answered 503", true)]
    public async Task An_http_probe_takes_what_is_no_error(string status, bool passes, string text, bool refused = false)
    {
        _bench.AddFile("run", Listen + "while (my $c = $s->accept) { sysread($c, my $b, 4096); print $c \"HTTP/1.1 " + status
            + "\\r\\nContent-Length: 0\\r\\n\\r\\n\"; close $c; }\n");
        var assigned = Assigned(ProbeKind.Http);
        var (launch, process) = await _bench.RunAsync(assigned);
        _bench.Probe(assigned, launch, process);
        var answer = await UntilAsync(a => a.Text?.StartsWith("answered", StringComparison.Ordinal) == true);
        Assert.Equal((passes, refused), (answer.Passed, answer.Refused));
        Assert.StartsWith(text, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_never_answers_fails_within_the_timeout()
    {
        _bench.AddFile("run", Listen + "sleep 60;\n");
        var assigned = Assigned(ProbeKind.Http, TimeSpan.FromMilliseconds(100));
        var (launch, process) = await _bench.RunAsync(assigned);
        _bench.Probe(assigned, launch, process);
        await UntilAsync(
            a => a is { Passed: false } && a.Text!.StartsWith("no answer within 0.1 s on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_port_that_another_process_answers_does_not_count()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        var assigned = Assigned(ProbeKind.Tcp);
        var (launch, process) = await _bench.RunAsync(assigned);
        using var foreign = new TcpListener(IPAddress.Loopback, launch.Ports[AgentSamples.Http]);
        foreign.Start();
        _bench.Probe(assigned, launch, process);
        var answer = await UntilAsync(
            a => a.Text?.Contains("that listens there, not this instance", StringComparison.Ordinal) == true);
        Assert.False(answer.Passed);
        var owner = string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} ");
        Assert.Contains(owner, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exec_probe_passes_by_its_exit_code_and_tells_its_words()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 0.3; touch ready; sleep 60\n");
        _bench.AddFile(
            "check",
            "#!/bin/sh\n[ \"$1\" = web.0 ] && [ -n \"$ZURG_INSTANCE\" ] || exit 9\n"
                + "[ -e ready ] || { echo not ready; exit 3; }\n");
        var answers = await ProbedAsync(ProbeKind.Exec, ["check", "${instance}"]);
        Assert.Equal("check ended with exit code 3: not ready", answers[0].Text);
        Assert.True(answers[^1].Passed);
    }

    [Fact]
    public async Task An_exec_probe_that_hangs_is_killed_and_the_instance_is_not()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        _bench.AddFile("check", "#!/bin/sh\necho $$ > checking\nsleep 60\n");
        var assigned = Assigned(ProbeKind.Exec, TimeSpan.FromMilliseconds(300), ["check"]);
        var (launch, process) = await _bench.RunAsync(assigned);
        _bench.Probe(assigned, launch, process);
        var answer = await UntilAsync(_ => true);
        Assert.Equal((false, "no answer within 0.3 s"), (answer.Passed, answer.Text));
        _bench.Hands.Begin(new AgentEffect.StopProbe(AgentSamples.Web, AgentSamples.First));
        Assert.True(Zurg.Agent.Processes.ProcessStat.IsAlive(process));
    }

    [Fact]
    public async Task READY_on_the_notify_socket_passes_and_the_status_is_kept()
    {
        _bench.AddFile("run",
            "#!/usr/bin/perl\nuse Socket;\nmy $n = $ENV{NOTIFY_SOCKET}; $n =~ s/^@/\\0/;\n"
            + "socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;\n"
            + "my $to = pack_sockaddr_un($n);\nsend($s, \"STATUS=warming up\", 0, $to) or die $!;\n"
            + "send($s, \"READY=1\\nSTATUS=at work\", 0, $to) or die $!;\nsleep 60;\n");
        var answers = await ProbedAsync(ProbeKind.Notify);
        Assert.Equal([new ProbeAnswer(false, "not READY=1 yet: warming up"), new ProbeAnswer(true, "at work")], answers);
    }

    [Fact]
    public async Task READY_of_a_foreign_process_does_not_count()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        var assigned = Assigned(ProbeKind.Notify);
        var (launch, process) = await _bench.RunAsync(assigned);
        _bench.Probe(assigned, launch, process);
        using var foreign = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        foreign.Connect(new UnixDomainSocketEndPoint('\0' + launch.Env["NOTIFY_SOCKET"][1..]));
        foreign.Send("READY=1"u8);
        await Assert.ThrowsAsync<TimeoutException>(
            () => _bench.NextAsync<AgentInput.Probed>().WaitAsync(TimeSpan.FromMilliseconds(500)));
    }

    [Fact]
    public async Task Probes_end_when_they_are_stopped()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        var assigned = Assigned(ProbeKind.Tcp);
        var (launch, process) = await _bench.RunAsync(assigned);
        _bench.Probe(assigned, launch, process);
        await UntilAsync(_ => true);
        _bench.Hands.Begin(new AgentEffect.StopProbe(AgentSamples.Web, AgentSamples.First));
        await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            for (var i = 0; i < 5; i++)
            {
                await _bench.NextAsync<AgentInput.Probed>().WaitAsync(TimeSpan.FromSeconds(1));
            }
        });
    }

    private static AssignedInstance Assigned(ProbeKind kind, TimeSpan? timeout = null, string[]? command = null) =>
        AgentSamples.Assigned(s => s with
        {
            Ports = AgentSamples.Specs(("http", null)),
            Probe = AgentSamples.Probe(kind, timeout) with { Command = [.. command ?? []] },
        });

    /// <summary>Every answer until the first that passed.</summary>
    private async Task<List<ProbeAnswer>> ProbedAsync(ProbeKind kind, string[]? command = null)
    {
        var assigned = Assigned(kind, command: command);
        var (launch, process) = await _bench.RunAsync(assigned);
        _bench.Probe(assigned, launch, process);
        var answers = new List<ProbeAnswer>();
        do
        {
            answers.Add((await _bench.NextAsync<AgentInput.Probed>()).Answer);
            Assert.True(answers.Count < 200, $"it never passed: {answers[^1].Text}");
        }
        while (!answers[^1].Passed);
        return answers;
    }

    private async Task<ProbeAnswer> UntilAsync(Func<ProbeAnswer, bool> condition)
    {
        for (var i = 0; i < 200; i++)
        {
            var answer = (await _bench.NextAsync<AgentInput.Probed>()).Answer;
            if (condition(answer))
            {
                return answer;
            }
        }

        throw new TimeoutException("the answer never came");
    }
}
