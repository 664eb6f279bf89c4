using Zurg.Master.Intent;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Intent;

public sealed class SpecReaderTests
{
    /// <summary>DESIGN.md section 5, word for word.</summary>
    internal const string Design = """
        cluster: demo
        cells: [az1, az2, az3]                 # failure domains; a host belongs to one
        services:
          sudoku-solver:
            release: 1.1.0                     # pushed before with: zurg release push sudoku-solver 1.1.0 ./out
            run: bin/sudoku-solver             # inside the release; args, env, user, working directory
            instances: 3                       # or per_host: 1, or hosts: [host1, host2]
            ports: { http: dynamic }           # PORT_HTTP and ${ports.http} in args, env, templates
            probe: { http: /healthz, port: http, every: 1s }       # or tcp:, exec:, or notify: true (sd_notify READY=1)
            restart: { delay: 100ms, max_delay: 30s, window: 10m, attempts: 10 }
            stop: { signal: TERM, grace: 30s }
            limits: { memory: 256MiB, open_files: 16384 }
            update: { canary: 1, batch: 25%, bake: 60s, max_unavailable: 0, surge: 1, rollback: auto }
          web:
            release: 2.0.0
            run: bin/web
            depends_on: [sudoku-solver]
            ports: { http: 8080, admin: dynamic }
            templates:
              - { from: conf/web.conf.hbs, to: conf/web.conf, then: restart }     # or reload: HUP, or nothing
        routes:
          - { path: /, service: web }
        """;

    [Fact]
    public void The_file_of_the_design_is_read()
    {
        var spec = Read(Design);
        Assert.Equal("demo", spec.Cluster.Value);
        Assert.Equal(["az1", "az2", "az3"], spec.Cells.Select(c => c.Value));
        var solver = spec.Find(new ServiceName("sudoku-solver"))!;
        Assert.Equal(ReleaseId.Parse("sudoku-solver@1.1.0"), solver.Instance.Release);
        Assert.Equal(3, solver.Scale.Instances);
        Assert.Equal(new PortSpec(null), solver.Instance.Ports[new PortName("http")]);
        Assert.Equal((ProbeKind.Http, "/healthz", "http"),
            (solver.Instance.Probe!.Kind, solver.Instance.Probe.Path, solver.Instance.Probe.Port.ToString()));
        Assert.Equal(new RestartPolicy(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10), 10),
            solver.Restart);
        Assert.Equal(new LimitsSpec(Memory: 256 << 20, OpenFiles: 16384), solver.Instance.Limits);
        Assert.Equal(new UpdatePolicy(1, "25%", TimeSpan.FromMinutes(1), 0, 1, RollbackMode.Auto)
        {
            ReadyWithin = TimeSpan.FromMinutes(5),
        }, solver.Update);
        var web = spec.Find(new ServiceName("web"))!;
        Assert.Equal(new TemplateSpec("conf/web.conf.hbs", "conf/web.conf", TemplateThen.Restart),
            Assert.Single(web.Instance.Templates));
        Assert.Equal((ProbeKind.Tcp, "admin"), (web.Instance.Probe!.Kind, web.Instance.Probe.Port.ToString()));
        Assert.Equal(new RouteSpec { Path = "/", Service = web.Name }, Assert.Single(spec.Routes));
    }

    [Theory]
    [InlineData("release: 1.1", "web@1.1")]
    [InlineData("release: 1.10", "web@1.10")]
    [InlineData("release: 2", "web@2")]
    [InlineData("release: 0x10", "web@0x10")]
    [InlineData("release: 2026-01-01", "web@2026-01-01")]
    [InlineData("release: true", "web@true")]
    [InlineData("release: other@1.0", "other@1.0")]
    public void A_release_is_text_whatever_it_looks_like(string line, string expected) =>
        Assert.Equal(expected, Read($"services: {{ web: {{ {line}, run: x }} }}").Services[0].Instance.Release.Value);

    [Theory]
    [InlineData("probe: none", null)]
    [InlineData("probe: notify", ProbeKind.Notify)]
    [InlineData("probe: { notify: true }", ProbeKind.Notify)]
    [InlineData("probe: { tcp: http }", ProbeKind.Tcp)]
    [InlineData("probe: { http: / }", ProbeKind.Http)]
    [InlineData("probe: { exec: [bin/check] }", ProbeKind.Exec)]
    [InlineData("probe:", ProbeKind.Tcp)]
    public void Every_form_of_a_probe_is_read(string line, ProbeKind? expected) =>
        Assert.Equal(expected, Service($"{line}\nports: {{ http: dynamic }}").Instance.Probe?.Kind);

    [Theory]
    [InlineData("{ from: a, to: b }", TemplateThen.Nothing, null)]
    [InlineData("{ from: a, to: b, then: nothing }", TemplateThen.Nothing, null)]
    [InlineData("{ from: a, to: b, then: restart }", TemplateThen.Restart, null)]
    [InlineData("{ from: a, to: b, reload: HUP }", TemplateThen.Reload, "HUP")]
    [InlineData("{ from: a, to: b, then: { reload: USR1 } }", TemplateThen.Reload, "USR1")]
    public void Every_form_of_a_template_is_read(string template, TemplateThen then, string? signal) =>
        Assert.Equal(new TemplateSpec("a", "b", then, signal),
            Assert.Single(Service($"templates: [{template}]").Instance.Templates));

    [Theory]
    [InlineData("{ reload: HUP, done: [bin/ctl, reloaded] }", "bin/ctl reloaded")]
    [InlineData("{ reload: HUP, done: bin/reloaded }", "bin/reloaded")]
    [InlineData("{ reload: HUP }", null)]
    public void What_says_that_a_reload_is_done_is_read(string then, string? done)
    {
        var template = Assert.Single(Service($"templates: [{{ from: a, to: b, then: {then} }}]").Instance.Templates);
        Assert.Equal(done, template.Done is { } command ? string.Join(' ', command) : null);
    }

    [Fact]
    public void Json_is_yaml_too() =>
        Assert.Equal(2, Read("""{"services": {"web": {"release": "1.1", "run": "x", "instances": 2, "args": ["a"]}}}""")
            .Services[0].Scale.Instances);

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_do_not_matter() =>
        Assert.Equal(4, Read("\uFEFF" + Design.Replace("\n", "\r\n", StringComparison.Ordinal)).Cells.Length + 1);

    [Fact]
    public void The_examples_file_is_read() => Assert.NotEmpty(Read(Recorded.Read("examples/sudoku/cluster.yaml")).Services);

    [Fact]
    public void Constraints_take_one_value_or_many()
    {
        var constraints = Service("constraints: { disk: ssd, gpu: [a, b] }").Constraints;
        Assert.Equal(["ssd"], constraints["disk"].AsEnumerable());
        Assert.Equal(["a", "b"], constraints["gpu"].AsEnumerable());
    }

    [Theory]
    [InlineData("services:")]
    [InlineData("services: {}")]
    [InlineData("cluster: demo")]
    public void A_cluster_may_have_no_services(string text) => Assert.Empty(Read(text).Services);

    [Theory]
    // Unknown keys and wrong types.
    [InlineData("color: blue", 5, 5, "there is no key 'color' here", "the keys here are release, run, args")]
    [InlineData("instances: three", 5, 16, "a whole number is expected here, not 'three'", "write for example 3")]
    [InlineData("instances: 1.5", 5, 16, "a whole number is expected here, not '1.5'", "write for example 3")]
    [InlineData("args: --verbose", 5, 11, "a list is expected here, not '--verbose'",
        "write for example [--port, \"${ports.http}\"]")]
    [InlineData("env: [A=1]", 5, 10, "a map of names to values is expected here, not a list", "{ LOG_LEVEL: debug }")]
    [InlineData("env: { A: }", 5, 15, "it has no value", "write \"\" for an empty text")]
    [InlineData("probe: { notify: maybe }", 5, 22, "true or false is expected here, not 'maybe'", "write for example true")]
    [InlineData("probe: notfy", 5, 12, "'notfy' is not known here", "did you mean 'notify'?")]
    [InlineData(
        "stop: TERM", 5, 11, "keys with values are expected here, not 'TERM'", "{ signal: TERM, grace: 30s, drain: 30s }")]
    [InlineData("limits: { cpu: many }", 5, 20, "a number is expected here, not 'many'", "0.5")]
    // What Core finds, at its place.
    [InlineData("ports: { http: 70000 }", 5, 20, "port 70000 is out of range", "1 to 65535")]
    [InlineData("ports: { http: -1 }", 5, 20, "port -1 is out of range", "1 to 65535")]
    [InlineData("args: [a, \"${ports.htp}\"]", 5, 15, "${ports.htp}: this service has no port 'htp'", "give it one")]
    [InlineData("stop: { grace: 30 }", 5, 20, "'30' is no duration", "write 30s for seconds")]
    [InlineData("limits: { memory: 256 }", 5, 23, "'256' is no size", "write 256MiB")]
    [InlineData("depends_on: [wbe]", 5, 18, "there is no service 'wbe'", "did you mean 'web'?")]
    [InlineData("probe: { timeout: 1s }", 5, 5, "it does not say what to ask", "http: /healthz")]
    public void A_slip_is_told_with_line_column_and_mend(string line, int atLine, int atColumn, string text, string mend)
    {
        var problem = Assert.Single(Refused($"services:\n  web:\n    release: 1.0\n    run: x\n    {line}\n"));
        Assert.Equal((text, atLine, atColumn), (problem.Text, problem.Line ?? 0, problem.Column ?? 0));
        Assert.Contains(mend, problem.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("servces: { web: { release: 1, run: x } }", "servces", 1, "there is no key 'servces' here",
        "did you mean 'services'?")]
    [InlineData("services: { web: { relese: 1, run: x } }", "services.web.relese", 20, "there is no key 'relese' here",
        "did you mean 'release'?")]
    [InlineData("services: { web: { release: [1], run: x } }", "services.web.release", 29, "a text is expected here, not a list",
        "1.1.0")]
    [InlineData("services: { web: { release: 1 } }", "services.web.run", 13, "it does not say what to run", "run: bin/server")]
    [InlineData("services: { web: { run: x } }", "services.web.release", 13, "it has no release", "zurg release push web")]
    [InlineData("services: { web: [] }", "services.web", 18, "keys with values are expected here, not a list", null)]
    public void One_slip_is_told_once(string text, string path, int column, string expected, string? mend)
    {
        var problem = Assert.Single(Refused(text));
        Assert.Equal((path, 1, column, expected), (problem.Path, problem.Line ?? 0, problem.Column ?? 0, problem.Text));
        Assert.Contains(mend ?? "", problem.Mend ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_come_at_once_in_the_files_order()
    {
        var problems = Refused("""
            cells: [Az1]
            services:
              Web_1:
                instnces: 3
                run: ../x
                ports: { http: 99999, h: 80, i: 80 }
                probe: { http: healthz, port: htp }
              api: {}
            routes: [{ path: x, service: ap }]
            """);
        Assert.Equal(
            [(1, 9), (3, 3), (3, 3), (4, 5), (5, 10), (6, 20), (6, 37), (7, 20), (7, 35), (8, 3), (8, 3), (9, 18), (9, 30)],
            problems.Select(p => (p.Line ?? 0, p.Column ?? 0)));
        Assert.All(problems, p => Assert.NotEqual("", p.Text));
    }

    [Theory]
    [InlineData("a: 1\na: 2", 2, 1, "'a' is written twice: it is in line 1 already")]
    [InlineData("services:\n  web: {release: 1, run: x}\n  web: {release: 2, run: x}", 3, 3,
        "'web' is written twice: it is in line 2 already")]
    public void A_duplicate_name_is_told_with_both_lines(string text, int line, int column, string expected) =>
        Assert.Contains(Refused(text), p => p.Text == expected && p.Line == line && p.Column == column);

    [Theory]
    [InlineData("", 1, 1, "the file is empty")]
    [InlineData("\n\n# nothing\n", 1, 1, "the file is empty")]
    [InlineData("---\n...\n", 1, 1, "the file is empty")]
    [InlineData("hello", 1, 1, "the file holds no keys")]
    [InlineData("- a\n- b", 1, 1, "the file holds no keys")]
    [InlineData("a: &x 1", 1, 4, "anchors (&name) are not read here")]
    [InlineData("a: *x", 1, 4, "aliases (*name) are not read here")]
    [InlineData("a: &a [*a]", 1, 4, "anchors (&name) are not read here")]
    [InlineData("a: !!binary aGVsbG8=", 1, 4, "tags (tag:yaml.org,2002:binary) are not read here")]
    [InlineData("a: !local x", 1, 4, "tags (!local) are not read here")]
    [InlineData("cluster: a\n---\ncluster: b", 2, 1, "a second document begins here")]
    [InlineData("? [a, b]\n: c", 1, 3, "a list or a map cannot be a key")]
    [InlineData(": c", 1, 1, "a key is missing before the ':'")]
    [InlineData("services:\n\tweb: {}", 2, 1, "a tab stands where YAML wants spaces")]
    [InlineData("a: \0", 1, 4, "this is no text: it holds the control character U+0000")]
    [InlineData("ok: 1\nELF\u0001\u0002", 2, 4, "this is no text: it holds the control character U+0001")]
    public void What_cannot_be_read_is_one_clear_problem(string text, int line, int column, string expected)
    {
        var problem = Assert.Single(Refused(text));
        Assert.Equal((expected, line, column), (problem.Text, problem.Line ?? 0, problem.Column ?? 0));
        Assert.NotEmpty(problem.Mend ?? "");
    }

    [Theory]
    [InlineData("a: [1, 2", "this is not YAML")]
    [InlineData("a: \"x", "this is not YAML")]
    [InlineData("a: b: c", "this is not YAML")]
    [InlineData("a: {b", "this is not YAML")]
    [InlineData("a\nb: c\n  d", "this is not YAML")]
    [InlineData("a: \"\\UFFFFFFFF\"", "this is not YAML")]
    public void Broken_yaml_is_one_problem_with_a_place(string text, string expected)
    {
        var problem = Assert.Single(Refused(text));
        Assert.StartsWith(expected, problem.Text, StringComparison.Ordinal);
        Assert.True(problem.Line >= 1 && problem.Column >= 1);
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused_with_their_line()
    {
        var problem = Assert.Single(Assert.IsType<SpecReading.Refused>(SpecReader.Read([(byte)'a', (byte)'\n', 0xff, 0xfe]))
            .Problems);
        Assert.Equal(("this is no text: it holds bytes that are not UTF-8", 2), (problem.Text, problem.Line ?? 0));
    }

    private static ServiceSpec Service(string lines) =>
        Read($"services:\n  web:\n    release: 1.0\n    run: x\n    {lines.Replace("\n", "\n    ", StringComparison.Ordinal)}")
            .Services[0];

    private static ClusterSpec Read(string text) => SpecReader.Read(text) switch
    {
        SpecReading.Read read => read.Spec,
        SpecReading.Refused refused => throw new Xunit.Sdk.XunitException(string.Join('\n', refused.Problems)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static System.Collections.Immutable.ImmutableArray<Problem> Refused(string text) =>
        Assert.IsType<SpecReading.Refused>(SpecReader.Read(text)).Problems;
}
