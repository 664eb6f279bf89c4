using System.Collections.Immutable;
using Zurg.Agent.Templates;
using Zurg.Protocol;
using Zurg.Tests.Core.Intent;

namespace Zurg.Tests.Agent.Templates;

public sealed class TemplateInputsTests
{
    private static readonly TemplateData Before = new()
    {
        Assigned = AgentSamples.Assigned(s => s with { Vars = Drafts.Map(("role", "replica")) }),
        Host = new HostId("host1"),
        Cell = new CellName("az1"),
        Address = "127.0.0.1",
        Ports = AgentSamples.Ports(("http", 8080)),
        Hosts = [new ClusterHost(new HostId("host1"), new CellName("az1"), "127.0.0.1")],
        Settings = Drafts.Map(("motto", "a"), ("color", "red")),
        Endpoints = ImmutableSortedDictionary<ServiceName, EndpointSet>.Empty
            .Add(new ServiceName("solver"), AgentSamples.Set("solver", 1, 9001)),
    };

    private const string Template =
        "{{settings.motto}} {{ports.http}} {{vars.role}} {{#each hosts}}{{name}}{{/each}} {{#each endpoints.solver}}{{/each}}";

    public static TheoryData<string, string> Changes() => new()
    {
        { "motto", "setting motto 'a' -> 'b'" },
        { "gone", "setting motto is gone: it was 'a'" },
        { "port", "port http '8080' -> '8081'" },
        { "var", "var role 'replica' -> 'primary'" },
        { "host", "host host2 joined the cluster (az2 127.0.0.2)" },
        { "joined", "solver.1 joined the endpoints of solver (127.0.0.1 http=9002 ready)" },
        { "moved", "solver.0 of the endpoints of solver: 127.0.0.1 http=9001 ready -> 127.0.0.1 http=9009 ready" },
        { "left", "solver.0 left the endpoints of solver" },
        { "release", "release '1.0.0' -> '2.0.0'" },
        { "nothing", "the template itself is another one" },
        { "unnamed", "setting color 'red' -> 'blue'" },
        { "both", "setting motto 'a' -> 'b'" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void What_changed_is_told_and_what_the_template_does_not_name_only_when_nothing_else_did(string what, string why) =>
        Assert.Equal(why, TemplateInputs.Why(TemplateInputs.Of(Before), TemplateInputs.Of(After(what)), Template));

    [Fact]
    public void Many_changes_are_counted()
    {
        var many = Before with
        {
            Settings = Enumerable.Range(0, 30).ToImmutableSortedDictionary(i => $"motto{i:00}", _ => "x", StringComparer.Ordinal),
        };
        var why = TemplateInputs.Why(TemplateInputs.Of(Before), TemplateInputs.Of(many), "{{#each settings}}");
        Assert.EndsWith("; and 22 more", why, StringComparison.Ordinal);
    }

    private static TemplateData After(string what) => what switch
    {
        "motto" => Before with { Settings = Before.Settings.SetItem("motto", "b") },
        "both" => Before with { Settings = Before.Settings.SetItem("motto", "b").SetItem("color", "blue") },
        "gone" => Before with { Settings = Before.Settings.Remove("motto") },
        "unnamed" => Before with { Settings = Before.Settings.SetItem("color", "blue") },
        "port" => Before with { Ports = AgentSamples.Ports(("http", 8081)) },
        "var" => Before with { Assigned = AgentSamples.Assigned(s => s with { Vars = Drafts.Map(("role", "primary")) }) },
        "host" => Before with
        {
            Hosts = Before.Hosts.Add(new ClusterHost(new HostId("host2"), new CellName("az2"), "127.0.0.2")),
        },
        "joined" => Solvers(9001, 9002),
        "moved" => Solvers(9009),
        "left" => Solvers(),
        "release" => Before with
        {
            Assigned = AgentSamples.Assigned(s => s with
            {
                Vars = Drafts.Map(("role", "replica")), Release = ReleaseId.Parse("web@2.0.0"),
            }),
        },
        _ => Before,
    };

    private static TemplateData Solvers(params int[] ports) => Before with
    {
        Endpoints = Before.Endpoints.SetItem(new ServiceName("solver"), AgentSamples.Set("solver", 2, ports)),
    };
}
