using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class ProbeCheckTests
{
    public static TheoryData<string, ProbeDraft> Wrong() => new()
    {
        { "services.web.probe | it does not say what to ask", new ProbeDraft() },
        { "services.web.probe | it does not say what to ask", new ProbeDraft { Notify = false } },
        { "services.web.probe.tcp | http and tcp are written together",
            new ProbeDraft { Http = "/", Tcp = "http", Port = "http" } },
        { "services.web.probe.none | notify and none are written together", new ProbeDraft { Notify = true, None = true } },
        { "services.web.probe.http | 'healthz' is no path of a URL", new ProbeDraft { Http = "healthz", Port = "http" } },
        { "services.web.probe.port | this service has no port 'htp' | did you mean 'http'?",
            new ProbeDraft { Http = "/", Port = "htp" } },
        { "services.web.probe.tcp | this service has no port 'x' | it has admin, http", new ProbeDraft { Tcp = "x" } },
        { "services.web.probe | it does not say which port to ask | add port: with one of admin, http",
            new ProbeDraft { Http = "/" } },
        { "services.web.probe.port | port goes with http only", new ProbeDraft { Notify = true, Port = "http" } },
        { "services.web.probe.exec | the command is empty", new ProbeDraft { Exec = [] } },
        { "services.web.probe.exec[1] | ${ports.x}: this service has no port 'x'",
            new ProbeDraft { Exec = ["a", "${ports.x}"] } },
        { "services.web.probe.every | '1ms' is out of range | it must be 10ms to 1h",
            new ProbeDraft { Tcp = "http", Every = "1ms" } },
        { "services.web.probe.timeout | '-1s' is no duration", new ProbeDraft { Tcp = "http", Timeout = "-1s" } },
        { "services.web.probe.start_timeout | '30' is no duration", new ProbeDraft { Tcp = "http", StartTimeout = "30" } },
        { "services.web.probe.fail_after | 0 is out of range", new ProbeDraft { Tcp = "http", FailAfter = 0 } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_told_at_its_place_and_nothing_else(string expected, ProbeDraft probe) =>
        Assert.StartsWith(expected, Assert.Single(Drafts.ProblemsOf(Drafts.Service with { Probe = probe })),
            StringComparison.Ordinal);

    [Fact]
    public void An_http_probe_of_a_service_without_ports_is_told_what_to_add() =>
        Assert.Equal(
            "services.web.probe | http needs a port, and this service has none | add ports: { http: dynamic } to services.web",
            Assert.Single(Drafts.ProblemsOf(Drafts.Service with { Ports = null, Probe = new ProbeDraft { Http = "/" } })));
}
