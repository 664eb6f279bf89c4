using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class SpecValidatorTests
{
    public static TheoryData<string, ClusterDraft> Wrong() => new()
    {
        { "cluster | 'My Cluster' is no cluster name", Base with { Cluster = "My Cluster" } },
        { "cells[1] | cell 'a' is named twice", Base with { Cells = ["a", "a"] } },
        { "cells[0] | 'A' is no cell name", Base with { Cells = ["A"] } },
        { "settings.a b | 'a b' is no name of a setting", Base with { Settings = Drafts.Map(("a b", "x")) } },
        { "settings.a | the value holds a NUL character", Base with { Settings = Drafts.Map(("a", "\0")) } },
        { "routes[0].service | there is no service 'wbe' | did you mean 'web'?",
            Routed(new RouteDraft { Path = "/", Service = "wbe" }) },
        { "routes[0].service | the route has no service | add one of: api, web", Routed(new RouteDraft { Path = "/" }) },
        { "routes[0].path | the route has no path", Routed(new RouteDraft { Service = "web" }) },
        { "routes[0].path | 'x' is no path of a URL", Routed(new RouteDraft { Path = "x", Service = "web" }) },
        { "routes[0].host | 'a..b' is no host name", Routed(new RouteDraft { Host = "a..b", Path = "/", Service = "web" }) },
        { "routes[1].path | routes[0] has the same host and path already",
            Routed(new RouteDraft { Host = "A.org", Path = "/", Service = "web" },
                new RouteDraft { Host = "a.org", Path = "/", Service = "api" }) },
        { "routes[0].service | service 'web' has no port that requests could go to",
            Drafts.Cluster(Drafts.Service with { Ports = null }) with { Routes = [new RouteDraft { Path = "/",
                Service = "web" }] } },
    };

    private static ClusterDraft Base => Drafts.Cluster(Drafts.Service);

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_told_at_its_place_and_nothing_else(string expected, ClusterDraft draft) =>
        Assert.StartsWith(expected, Assert.Single(Drafts.ProblemsOf(draft)), StringComparison.Ordinal);

    [Fact]
    public void Nothing_written_is_a_valid_cluster() => Assert.Empty(SpecValidator.Problems(new ClusterDraft()));

    [Fact]
    public void Whatever_validates_can_be_filled_and_put_into_revisions()
    {
        var words = Gen.Elements("1", "web", "http", "/", "1s", "30", "${ports.http}", "${settings.greeting}", "${x}", "25%",
            "HUP", "dynamic", "a/b", "256MiB", "auto");
        var text = Gen.OneOf(Gen.Constant<string?>(null), words.Select(w => (string?)w));
        var number = Gen.OneOf(Gen.Constant<int?>(null), Gen.Choose(-1, 3).Select(n => (int?)n));
        var drafts = text.ArrayOf(12).SelectMany(_ => number.ArrayOf(6), (texts, numbers) => Drafts.Service with
        {
            Release = texts[0] ?? "1.0",
            Run = texts[1] ?? "x",
            Args = texts[2] is { } arg ? [arg] : null,
            WorkingDirectory = texts[3],
            Ports = texts[4] is { } port ? Drafts.Map(("http", port)) : null,
            Probe = texts[5] is null ? null : new ProbeDraft { Http = texts[5], Every = texts[6], FailAfter = numbers[0] },
            Stop = new StopDraft { Signal = texts[7], Grace = texts[8] },
            Update = new UpdateDraft
            {
                Batch = texts[9],
                Bake = texts[10],
                Surge = numbers[1],
                Canary = numbers[2],
                Batches = numbers[5],
                BlueGreen = numbers[2] is 3 ? new BlueGreenDraft { Keep = texts[10] } : null,
            },
            Instances = numbers[3],
            PerHost = numbers[4] is 1 ? null : numbers[4],
            Restart = new RestartDraft { Delay = texts[11] },
        });
        var valid = 0;
        Prop.ForAll(drafts.ToArbitrary(), web =>
        {
            var cluster = Drafts.Cluster(web);
            if (SpecValidator.Problems(cluster).IsEmpty)
            {
                valid++;
                var spec = Defaults.Fill(cluster);
                var applied = SpecCompiler.Compile(spec, "text", "me", DateTimeOffset.UnixEpoch, default, new SpecNumber(1),
                    null);
                Assert.Equal(spec.Services.Select(s => s.Name), applied.InstanceDigests.Keys);
                Assert.Empty(SpecDiff.Between(spec, Defaults.Fill(cluster), []));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
        Assert.True(valid > 0, "no draft was valid: the test says nothing");
    }

    private static ClusterDraft Routed(params RouteDraft[] routes) => Base with { Routes = [.. routes] };
}
