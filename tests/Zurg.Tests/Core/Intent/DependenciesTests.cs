using System.Collections.Immutable;
using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class DependenciesTests
{
    [Fact]
    public void A_circle_is_shown()
    {
        var problem = Assert.Single(Check(("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("e", "")));
        Assert.Equal("services.b.depends_on[0]", problem.Path);
        Assert.Equal("services wait for each other in a circle: b -> c -> d -> b", problem.Text);
    }

    [Fact]
    public void Waiting_for_the_same_service_is_no_circle() =>
        Assert.Empty(Check(("a", "b c"), ("b", "d"), ("c", "d"), ("d", "")));

    [Fact]
    public void A_chain_of_20000_services_is_checked_without_harm() =>
        Assert.Empty(Check([.. Enumerable.Range(0, 20_000).Select(i => ($"s{i}", i == 0 ? "" : $"s{i - 1}"))]));

    [Fact]
    public void A_circle_of_20000_services_is_shown_short()
    {
        var problem = Assert.Single(Check([.. Enumerable.Range(0, 20_000).Select(i => ($"s{i}", $"s{(i + 1) % 20_000}"))]));
        Assert.True(problem.Text.Length < 200, problem.Text);
    }

    private static ImmutableArray<Zurg.Protocol.Problem> Check(params (string Name, string On)[] services) =>
        SpecValidator.Problems(new ClusterDraft
    {
        Services = services.ToImmutableSortedDictionary(
            s => s.Name,
            s => Drafts.Service with { DependsOn = [.. s.On.Split(' ', StringSplitOptions.RemoveEmptyEntries)] },
            StringComparer.Ordinal),
    });
}
