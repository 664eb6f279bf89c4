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

    [Fact]
    public void A_circle_of_restarts_for_each_other_s_endpoints_is_explained()
    {
        var services = Restarting("b", "a", "restart").AddRange(Restarting("a", "b", "restart"));
        var problem = Assert.Single(SpecValidator.Problems(new ClusterDraft { Services = services }));
        Assert.Equal("services.a.depends_on[0]", problem.Path);
        Assert.Equal(
            "services wait for each other in a circle: a -> b -> a; and each is restarted for the endpoints of the next "
                + "(services.a.templates[0], then: restart), so that no restart could end before another one has: each waits "
                + "until the one before it has confirmed, which it does by its own restart",
            problem.Text);
        Assert.Equal(
            "remove one of these depends_on; a service that can do without the other at its start need not name it",
            problem.Mend);
    }

    [Fact]
    public void A_circle_in_which_one_only_reloads_waits_at_the_start_alone()
    {
        var services = Restarting("b", "a", "reload").AddRange(Restarting("a", "b", "restart"));
        Assert.Equal("services wait for each other in a circle: a -> b -> a",
            Assert.Single(SpecValidator.Problems(new ClusterDraft { Services = services })).Text);
    }

    [Fact]
    public void A_service_that_restarts_for_its_own_endpoints_is_told_why_that_never_ends() => Assert.Equal(
        "a service cannot wait for itself; and with services.a.templates[0] (then: restart) each restart of an instance would "
            + "wait for the restart of all others",
        Assert.Single(SpecValidator.Problems(new ClusterDraft { Services = Restarting("a", "a", "restart") })).Text);

    private static ImmutableSortedDictionary<string, ServiceDraft> Restarting(string name, string on, string then) =>
        ImmutableSortedDictionary<string, ServiceDraft>.Empty.Add(name, Drafts.Service with
        {
            DependsOn = [on],
            Templates =
            [
                new TemplateDraft
                {
                    From = "a.hbs",
                    To = "a.conf",
                    Then = then == "restart" ? new ThenDraft { Restart = true } : new ThenDraft { Reload = "HUP" },
                },
            ],
        });

    private static ImmutableArray<Zurg.Protocol.Problem> Check(params (string Name, string On)[] services) =>
        SpecValidator.Problems(new ClusterDraft
    {
        Services = services.ToImmutableSortedDictionary(
            s => s.Name,
            s => Drafts.Service with { DependsOn = [.. s.On.Split(' ', StringSplitOptions.RemoveEmptyEntries)] },
            StringComparer.Ordinal),
    });
}
