using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Master.Intent;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class SpecDiffTests
{
    private const string Base = """
        cluster: demo
        settings: { greeting: hello, color: red }
        services:
          api: { release: 1.0, run: bin/api, instances: 2 }
          web: { release: 1.0, run: bin/web, instances: 3, env: { G: "${settings.greeting}" }, ports: { http: dynamic } }
        """;

    private static readonly ImmutableArray<HostPlacements> Placed =
        [Host("h1", "api.0", "web.0", "web.2"), Host("h2", "api.1", "web.1")];

    [Theory]
    [InlineData("release: 1.0, run: bin/web", "release: 1.1, run: bin/web",
        "services.web.release: web@1.0 -> web@1.1 [web.0 web.1 web.2]")]
    [InlineData("instances: 3", "instances: 1", "services.web.instances: 3 -> 1 [web.1 web.2]")]
    [InlineData("instances: 3", "instances: 5", "services.web.instances: 3 -> 5 [web.3 web.4]")]
    [InlineData("instances: 3", "hosts: [h1, h3]",
        "services.web.instances: 3 ->  []; services.web.hosts:  -> [h1, h3] [web.1 web.2 web.3]", false)]
    [InlineData("greeting: hello", "greeting: hi", "settings.greeting: hello -> hi [web.0 web.1 web.2]")]
    [InlineData("color: red", "color: blue", "settings.color: red -> blue []")]
    [InlineData(
        "run: bin/api", "run: bin/api, stop: { command: [bin/ctl, leave] }",
        "services.api.stop.command:  -> [bin/ctl, leave] []")]
    [InlineData("run: bin/api", "run: bin/api, stop: { grace: 1m30s }", "services.api.stop.grace: 30s -> 1m30s []")]
    [InlineData("run: bin/api", "run: bin/api, env: { A: b }", "services.api.env.A:  -> b [api.0 api.1]")]
    [InlineData("run: bin/api", "run: bin/api, limits: { memory: 256MiB }",
        "services.api.limits.memory:  -> 256MiB [api.0 api.1]")]
    [InlineData("run: bin/api", "run: bin/api, depends_on: [web]", "services.api.depends_on:  -> [web] []")]
    [InlineData("  api: {", "  db: {", "services.api: api@1.0, 2 instances ->  [api.0 api.1]; services.db:  -> db@1.0, 2 "
        + "instances [db.0 db.1]")]
    [InlineData("cluster: demo", "cluster: other", "cluster: demo -> other []")]
    [InlineData("cluster: demo", "cluster: demo\nroutes: [{ path: /, service: web }]", "routes./:  -> web []")]
    public void A_change_is_told_with_the_instances_it_touches(string was, string wanted, string expected, bool exact = true)
    {
        var changes = SpecDiff.Between(Read(Base), Read(Base.Replace(was, wanted, StringComparison.Ordinal)), Placed);
        var shown = string.Join("; ", changes.Select(c => $"{c.Path}: {c.Before} -> {c.After} [{string.Join(' ', c.Touches)}]"));
        if (exact)
        {
            Assert.Equal(expected, shown);
        }
        else
        {
            Assert.Contains("services.web.hosts:  -> [h1, h3] [web.1 web.2 web.3]", shown, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Equal_specs_do_not_differ()
    {
        Assert.Empty(SpecDiff.Between(Read(Base), Read(Base + "\n# a comment\n"), Placed));
        Assert.Empty(SpecDiff.Between(Read(SpecReaderText), Read(SpecReaderText), []));
    }

    [Fact]
    public void The_first_apply_starts_everything()
    {
        var changes = SpecDiff.Between(null, Read(Base), []);
        Assert.Equal(["cluster", "settings.color", "settings.greeting", "services.api", "services.web"],
            changes.Select(c => c.Path));
        Assert.Equal(["web.0", "web.1", "web.2"], changes[^1].Touches.Select(t => t.Value));
    }

    [Fact]
    public void Whatever_changes_the_digest_of_what_runs_shows_as_a_line()
    {
        var spec = Read(Base);
        var web = spec.Find(new ServiceName("web"))!;
        InstanceSpec[] others =
        [
            web.Instance with { Run = "x" }, web.Instance with { Args = ["a"] }, web.Instance with { User = "u" },
            web.Instance with { WorkingDirectory = "w" }, web.Instance with { Probe = null },
            web.Instance with { Probe = web.Instance.Probe! with { FailAfter = 9 } },
            web.Instance with { Probe = web.Instance.Probe! with { StartTimeout = TimeSpan.FromDays(1) } },
            web.Instance with { Ports = web.Instance.Ports.SetItem(new PortName("http"), new PortSpec(80)) },
            web.Instance with { Limits = new LimitsSpec(Cpu: 0.5) }, web.Instance with { Limits = new LimitsSpec() },
            web.Instance with { Vars = Drafts.Map(("role", "primary")) },
            web.Instance with { Templates = [new TemplateSpec("a", "b", TemplateThen.Reload, "HUP")] },
        ];
        foreach (var other in others)
        {
            var after = spec with { Services = spec.Services.Replace(web, web with { Instance = other }) };
            var change = SpecDiff.Between(spec, after, Placed)[0];
            Assert.Equal(["web.0", "web.1", "web.2"], change.Touches.Select(t => t.Value));
        }
    }

    [Theory]
    [InlineData("0: { role: primary }", "0: { role: standby }", "services.db.per_instance.0.role: primary -> standby [db.0]")]
    [InlineData("0: { role: primary }", "1: { role: primary }",
        "services.db.per_instance.0.role: primary ->  [db.0]; services.db.per_instance.1.role:  -> primary [db.1]")]
    [InlineData("0: { role: primary }", "0: { role: replica }", "services.db.per_instance.0.role: primary -> replica [db.0]")]
    [InlineData("{ role: replica }", "{ role: reader }", "services.db.vars.role: replica -> reader [db.1]")]
    public void A_value_of_one_instance_touches_that_instance_alone(string was, string wanted, string expected)
    {
        const string text = "services: { db: { release: 1.0, run: db, instances: 2, vars: { role: replica }, "
            + "per_instance: { 0: { role: primary } } } }";
        var changes = SpecDiff.Between(Read(text), Read(text.Replace(was, wanted, StringComparison.Ordinal)),
            [Host("h1", "db.0", "db.1")]);
        Assert.Equal(expected,
            string.Join("; ", changes.Select(c => $"{c.Path}: {c.Before} -> {c.After} [{string.Join(' ', c.Touches)}]")));
    }

    [Fact]
    public void Planning_twice_says_the_same()
    {
        var after = Read(Base.Replace("1.0", "2.0", StringComparison.Ordinal));
        Assert.Equal(
            SpecDiff.Between(Read(Base), after, Placed).Select(c => c.ToString()),
            SpecDiff.Between(Read(Base), after, Placed).Select(c => c.ToString()));
    }

    private const string SpecReaderText = Master.Intent.SpecReaderTests.Design;

    private static ClusterSpec Read(string text) => Assert.IsType<SpecReading.Read>(SpecReader.Read(text)).Spec;

    private static HostPlacements Host(string host, params string[] instances) => new()
    {
        Host = new HostId(host),
        Instances =
        [
            .. instances.Select(i => new Protocol.Placement(
                InstanceId.Parse(i), SpecDigest.Of(Read(Base).Services[0].Instance), 0, WantedPhase.Running)),
        ],
    };
}
