using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class UsesCheckTests
{
    private static readonly ServiceDraft Plain = Drafts.Service with { Ports = null };
    private static readonly ServiceDraft Solver = Plain with { Ports = Map(("http", "dynamic"), ("admin", "9000")) };
    private static readonly ServiceDraft Twin = Plain with { Ports = Map(("a", "dynamic"), ("b", "dynamic")) };

    [Theory]
    [InlineData("solver", "127.0.0.1:9981")]
    [InlineData("solver/admin", "127.0.0.1:9981")]
    [InlineData("twin/b", "127.0.0.2:1")]
    [InlineData("old", "127.0.0.1:65535")]
    public void An_address_of_the_host_itself_for_a_port_of_a_service_is_right(string target, string listen) =>
        Assert.Empty(Check(("old", Plain with { Uses = Map((target, listen)), Ports = Map(("http", "dynamic")) })));

    [Theory]
    [InlineData("solvr", "127.0.0.1:9981", "there is no service 'solvr'", "did you mean 'solver'?")]
    [InlineData("bare", "127.0.0.1:9981", "service 'bare' has no port that connections could go to",
        "add ports: { http: dynamic } to services.bare")]
    [InlineData("solver/htp", "127.0.0.1:9981", "service 'solver' has no port 'htp'", "did you mean 'http'?")]
    [InlineData("twin", "127.0.0.1:9981", "service 'twin' has 2 ports, and none is named http",
        "write which one: twin/a, twin/b")]
    [InlineData("solver", "9981", "'9981' is no address to listen at",
        "write 127.0.0.1:9981: it is for programs of the same host alone")]
    [InlineData("solver", "0.0.0.0:9981", "'0.0.0.0:9981' is no address to listen at",
        "write 127.0.0.1:9981: it is for programs of the same host alone")]
    [InlineData("solver", "127.0.0.1:0", "'127.0.0.1:0' is no address to listen at",
        "write an address of the host itself and a port, such as 127.0.0.1:9981")]
    [InlineData("solver", "127.0.0.1:65536", "'127.0.0.1:65536' is no address to listen at",
        "write an address of the host itself and a port, such as 127.0.0.1:9981")]
    [InlineData("solver", "127.0.0.010:80", "'127.0.0.010:80' is no address to listen at",
        "write 127.0.0.1:80: it is for programs of the same host alone")]
    [InlineData("solver", "127.0.0.1:9000",
        "port 9000 is that of services.solver.ports.admin already, and both may be on one host", "choose another number")]
    public void What_is_wrong_is_told_with_what_would_be_right(string target, string listen, string text, string mend)
    {
        var problem = Assert.Single(Check(("old", Plain with { Uses = Map((target, listen)) })));
        Assert.Equal(($"services.old.uses.{target}", text, mend), (problem.Path, problem.Text, problem.Mend));
    }

    [Fact]
    public void One_address_leads_to_one_service_and_may_be_shared()
    {
        var other = Plain with { Uses = Map(("solver", "127.0.0.1:9981")) };
        Assert.Empty(Check(("one", other), ("two", other)));
        var problem = Assert.Single(Check(("one", other), ("two", other with { Uses = Map(("twin/a", "127.0.0.1:9981")) })));
        Assert.Equal("services.two.uses.twin/a", problem.Path);
        Assert.Equal("127.0.0.1:9981 leads to 'solver' already (services.one.uses), and both may be on one host", problem.Text);
    }

    [Fact]
    public void A_use_is_no_part_of_what_runs_so_that_a_change_of_it_restarts_nothing()
    {
        var (before, after) = (Fill(Solver), Fill(Solver with { Uses = Map(("solver/admin", "127.0.0.1:9981")) }));
        Assert.Equal(SpecDigest.Of(before.Instance), SpecDigest.Of(after.Instance));
        var use = Assert.Single(after.Uses);
        Assert.Equal(new UseSpec(new ServiceName("solver"), "127.0.0.1", 9981, new PortName("admin")), use);
        Assert.Equal(("127.0.0.1:9981", "solver/admin"), (use.Listen, use.Target));
    }

    private static ServiceSpec Fill(ServiceDraft draft) => Defaults.Fill(new ClusterDraft
    {
        Services = ImmutableSortedDictionary<string, ServiceDraft>.Empty.Add("solver", draft),
    }).Services[0];

    private static ImmutableArray<Problem> Check(params (string Name, ServiceDraft Draft)[] services) =>
        SpecValidator.Problems(new ClusterDraft
        {
            Services = services.Append(("solver", Solver)).Append(("twin", Twin)).Append(("bare", Plain))
                .ToImmutableSortedDictionary(s => s.Item1, s => s.Item2, StringComparer.Ordinal),
        });

    private static ImmutableSortedDictionary<string, string> Map(params (string Key, string Value)[] entries) =>
        entries.ToImmutableSortedDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);
}
