using System.Collections.Immutable;
using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class ServiceCheckTests
{
    public static TheoryData<string, ServiceDraft> Wrong() => new()
    {
        { "services.web.release | it has no release | push one with `zurg release push web 1.0.0 DIR` and add release: 1.0.0",
            Drafts.Service with { Release = null } },
        { "services.web.release | 'a b' is no release version", Drafts.Service with { Release = "a b" } },
        { "services.web.release | 'Web' is no release name", Drafts.Service with { Release = "Web@1" } },
        { "services.web.per_host | instances and per_host are written together | keep exactly one of them",
            Drafts.Service with { Instances = 1, PerHost = 1 } },
        { "services.web.instances | -1 is out of range | it must be 0 to 10000", Drafts.Service with { Instances = -1 } },
        { "services.web.per_host | 0 is out of range | it must be 1 to 100", Drafts.Service with { PerHost = 0 } },
        { "services.web.hosts | the list of hosts is empty", Drafts.Service with { Hosts = [] } },
        { "services.web.hosts[1] | host 'h1' is named twice", Drafts.Service with { Hosts = ["h1", "h1"] } },
        { "services.web.hosts[0] | 'H1' is no host name", Drafts.Service with { Hosts = ["H1"] } },
        { "services.web.constraints.cell | there is no cell 'az3' | did you mean 'az1'?", Constrained("cell", "az3") },
        { "services.web.constraints.disk | no value is allowed", Constrained("disk") },
        { "services.web.constraints.a b | 'a b' is no label", Constrained("a b", "x") },
        { "services.web.depends_on[0] | a service cannot wait for itself", Drafts.Service with { DependsOn = ["web"] } },
        { "services.web.depends_on[0] | there is no service 'apii' | did you mean 'api'?",
            Drafts.Service with { DependsOn = ["apii"] } },
        { "services.web.depends_on[1] | service 'api' is named twice", Drafts.Service with { DependsOn = ["api", "api"] } },
        { "services.web.ports.http | port 0 is out of range", Ported(("http", "0")) },
        { "services.web.ports.http | port 65536 is out of range", Ported(("http", "65536")) },
        { "services.web.ports.http | '08080' is no port | write 8080", Ported(("http", "08080")) },
        { "services.web.ports.http | '+80' is no port | write 80", Ported(("http", "+80")) },
        { "services.web.ports.http | 'dinamic' is no port | did you mean 'dynamic'?", Ported(("http", "dinamic")) },
        { "services.web.ports.http | port 80 is that of 'admin' already", Ported(("admin", "80"), ("http", "80")) },
        { "services.web.ports.HTTP | 'HTTP' is no port name", Ported(("HTTP", "80")) },
        { "services.web.restart.delay | '5' is no duration", Drafts.Service with { Restart = new RestartDraft { Delay = "5" } } },
        { "services.web.restart.delay | delay 1m is longer than max_delay 30s",
            Drafts.Service with { Restart = new RestartDraft { Delay = "1m" } } },
        { "services.web.restart.attempts | -1 is out of range",
            Drafts.Service with { Restart = new RestartDraft { Attempts = -1 } } },
        { "services.web.stop.signal | 'SIGTERM' is no signal to stop with | did you mean 'TERM'?",
            Drafts.Service with { Stop = new StopDraft { Signal = "SIGTERM" } } },
        { "services.web.stop.signal | 'STOP' is no signal to stop with | write one of TERM, INT, QUIT, HUP, USR1, USR2, KILL",
            Drafts.Service with { Stop = new StopDraft { Signal = "STOP" } } },
        { "services.web.logs.max_size | '1KiB' is out of range",
            Drafts.Service with { Logs = new LogsDraft { MaxSize = "1KiB" } } },
        { "services.web.logs.max_age | '7' is no duration", Drafts.Service with { Logs = new LogsDraft { MaxAge = "7" } } },
        { "services.web.stop.drain | '-1s' is", Drafts.Service with { Stop = new StopDraft { Drain = "-1s" } } },
        { "services.web.stop.command | the command is empty", Drafts.Service with { Stop = new StopDraft { Command = [] } } },
        { "services.web.stop.command[1] | ${ports.x}: this service has no port 'x'",
            Drafts.Service with { Stop = new StopDraft { Command = ["ctl", "${ports.x}"] } } },
        { "services.web.stop.command | it has no time to run: stop.drain is 0s",
            Drafts.Service with { Stop = new StopDraft { Command = ["ctl"], Drain = "0s" } } },
        { "services.web.stop.grace | '99d' is out of range", Drafts.Service with { Stop = new StopDraft { Grace = "99d" } } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_told_at_its_place_and_nothing_else(string expected, ServiceDraft web) =>
        Assert.StartsWith(expected, Assert.Single(Drafts.ProblemsOf(web)), StringComparison.Ordinal);

    [Fact]
    public void A_valid_service_has_no_problems() => Assert.Empty(Drafts.ProblemsOf(Drafts.Service));

    [Theory]
    [InlineData("Web_Front", "call it 'web-front'")]
    [InlineData("-web", "call it 'web'")]
    [InlineData("_", "")]
    public void A_name_that_is_no_dns_label_gets_one_proposed(string name, string mend)
    {
        var draft = new ClusterDraft { Services = ImmutableSortedDictionary<string,
            ServiceDraft>.Empty.Add(name, Drafts.Service) };
        var problem = Assert.Single(SpecValidator.Problems(draft));
        Assert.Equal(($"services.{name}", mend), (problem.Path, problem.Mend ?? ""));
    }

    private static ServiceDraft Constrained(string label, params string[] values) => Drafts.Service with
    {
        Constraints = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add(label, [.. values]),
    };

    private static ServiceDraft Ported(params (string, string)[] ports) => Drafts.Service with { Ports = Drafts.Map(ports) };
}
