using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Templates;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Templates;

public sealed class TemplateRendererTests : IDisposable
{
    private readonly string _release = Directory.CreateTempSubdirectory("zurg-release-").FullName;
    private readonly string _instance = Directory.CreateTempSubdirectory("zurg-instance-").FullName;

    private readonly ConfigHistory _history;

    public TemplateRendererTests() => _history =
        new ConfigHistory(Directory.CreateDirectory(_instance + "-kept").FullName, TimeProvider.System, NullLogger.Instance);

    public void Dispose()
    {
        _history.Dispose();
        Directory.Delete(_instance + "-kept", true);
        Directory.Delete(_release, true);
        Directory.Delete(_instance, true);
    }

    [Fact]
    public void Everything_that_is_known_can_be_named_and_nothing_is_escaped()
    {
        const string template =
            """
            {{instance}} {{service}} {{index}} {{host}} {{cell}} {{address}} {{release}} {{ports.http}} {{settings.motto}}
            {{vars.role}} {{#each hosts}}{{name}}/{{cell}}/{{address}}/{{labels.disk}} {{/each}}
            {{#each endpoints.sudoku-solver}}
            server {{instance}} {{index}} {{host}} {{cell}} {{address}}:{{ports.http}} {{state}}
            {{/each}}
            """;
        Assert.Equal(
            """
            web.0 web 0 host1 az1 127.0.0.1 1.0.0 8080 <a> & "b"
            primary host1/az1/127.0.0.1/ssd host2/az2/127.0.0.2/hdd 
            server sudoku-solver.0 0 host1 az1 127.0.0.1:9001 ready
            server sudoku-solver.1 1 host1 az1 127.0.0.1:9002 ready

            """,
            Rendered(template));
    }

    [Theory]
    [InlineData("{{ports.htp}}", "ports.htp", "'ports' has: http")]
    [InlineData("{{settings.moto}}", "settings.moto", "'settings' has: motto")]
    [InlineData("{{hots}}", "hots", "address, cell, endpoints, host, hosts, index, instance, ports, release, service, settings")]
    [InlineData("{{vars.rol}}", "vars.rol", "'vars' has: role")]
    [InlineData("{{#each endpoints.solver}}x{{/each}}", "endpoints.solver", "'endpoints' has: sudoku-solver")]
    [InlineData("{{#each endpoints.sudoku-solver}}{{adress}}{{/each}}", "adress", "address")]
    public void A_name_that_does_not_exist_is_a_hold_that_says_what_does(string template, string name, string exists)
    {
        var hold = Held(template);
        Assert.Equal(HoldReason.TemplateFailed, hold.Reason);
        Assert.Contains("conf/web.conf.hbs", hold.Text, StringComparison.Ordinal);
        Assert.Contains($"'{name}'", hold.Text, StringComparison.Ordinal);
        Assert.Contains(exists, hold.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{#each hosts}}{{#each ../hosts}}{{#each ../../hosts}}{{#each ../../../hosts}}")]
    [InlineData("{{#*inline \"a\"}}{{> a}}{{> a}}{{/inline}}{{> a}}")]
    public void A_template_that_would_fill_the_memory_or_never_end_is_a_hold(string loops)
    {
        var text = new string('x', TemplateRenderer.LengthMax / 10);
        var ends = string.Concat(Enumerable.Repeat("{{/each}}", loops.Split("{{#each").Length - 1));
        Assert.Equal(HoldReason.TemplateFailed, Held(loops + text + ends).Reason);
    }

    [Theory]
    [InlineData("{{#each endpoints.sudoku-solver}}")]
    [InlineData("{{instance")]
    [InlineData("{{> other}}")]
    public void Text_that_is_no_template_is_a_hold(string template) =>
        Assert.Equal(HoldReason.TemplateFailed, Held(template).Reason);

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/outside")]
    [InlineData("conf/../../outside")]
    [InlineData("link/outside")]
    [InlineData(".")]
    public void A_file_outside_of_the_instance_is_refused(string to)
    {
        Directory.CreateSymbolicLink(Path.Combine(_instance, "link"), _release);
        var held = Assert.IsType<TemplatesOutcome.Held>(Write("text", to));
        Assert.Contains("leads out of the instance's directory", held.Hold.Text, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_release, "outside")));
    }

    [Fact]
    public void A_missing_template_says_so()
    {
        var templates = Files([new TemplateSpec("none.hbs", "web.conf", TemplateThen.Nothing)]);
        var held = Assert.IsType<TemplatesOutcome.Held>(templates.Write(Data()));
        Assert.Contains("has no template none.hbs", held.Hold.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_text_again_is_no_change()
    {
        Assert.Single(Assert.IsType<TemplatesOutcome.Written>(Write("{{instance}}", "conf/web.conf")).Changed);
        Assert.Equal("web.0", File.ReadAllText(Path.Combine(_instance, "conf/web.conf")));
        Assert.Empty(Assert.IsType<TemplatesOutcome.Written>(Write("{{instance}}", "conf/web.conf")).Changed);
        Assert.Equal(["web.conf"], Directory.EnumerateFiles(Path.Combine(_instance, "conf")).Select(Path.GetFileName));
    }

    [Fact]
    public void One_that_fails_leaves_the_others_as_they_were()
    {
        File.WriteAllText(Path.Combine(_release, "good"), "good");
        File.WriteAllText(Path.Combine(_release, "bad"), "{{bad}}");
        var templates = Files([new("good", "good", TemplateThen.Nothing), new("bad", "bad", TemplateThen.Nothing)]);
        Assert.IsType<TemplatesOutcome.Held>(templates.Write(Data()));
        Assert.False(File.Exists(Path.Combine(_instance, "good")));
    }

    private static string Rendered(string template) => Assert.IsType<TemplateOutcome.Rendered>(Render(template)).Text;

    private static Hold Held(string template) => Assert.IsType<TemplateOutcome.Held>(Render(template)).Hold;

    private static TemplateOutcome Render(string template) =>
        TemplateRenderer.Render(new TemplateSpec("conf/web.conf.hbs", "conf/web.conf", TemplateThen.Restart), template, Data());

    private TemplatesOutcome Write(string text, string to)
    {
        File.WriteAllText(Path.Combine(_release, "web.hbs"), text);
        return Files([new TemplateSpec("web.hbs", to, TemplateThen.Restart)]).Write(Data());
    }

    private InstanceTemplates Files(ImmutableArray<TemplateSpec> templates) =>
        new(AgentSamples.Assigned(s => s with { Templates = templates }), _release, _instance, null, _history);

    private static ClusterHost HostOf(string name, string cell, string address, string disk) =>
        new(new HostId(name), new CellName(cell), address) { Labels = Core.Intent.Drafts.Map(("disk", disk)) };

    private static TemplateData Data() => new()
    {
        Assigned = AgentSamples.Assigned(s => s with { Vars = Core.Intent.Drafts.Map(("role", "primary")) }),
        Hosts = [HostOf("host1", "az1", "127.0.0.1", "ssd"), HostOf("host2", "az2", "127.0.0.2", "hdd")],
        Host = new HostId("host1"),
        Cell = new CellName("az1"),
        Address = "127.0.0.1",
        Ports = AgentSamples.Ports(("http", 8080)),
        Settings = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add("motto", "<a> & \"b\""),
        Endpoints = ImmutableSortedDictionary<ServiceName, EndpointSet>.Empty
            .Add(new ServiceName("sudoku-solver"), AgentSamples.Set("sudoku-solver", 1, 9001, 9002)),
    };
}
