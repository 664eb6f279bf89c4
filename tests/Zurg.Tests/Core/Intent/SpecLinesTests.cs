using System.Collections.Immutable;
using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class SpecLinesTests
{
    [Fact]
    public void A_service_reads_as_it_would_be_written()
    {
        var web = Drafts.Filled(Drafts.Service with
        {
            Args = ["a", "b"],
            Env = Drafts.Map(("A", "b")),
            WorkingDirectory = "w",
            User = "u",
            Probe = new ProbeDraft { Http = "/", Port = "http" },
            Limits = new LimitsDraft { Memory = "256MiB", Cpu = 0.5, OpenFiles = 16, Processes = 9 },
            Templates =
            [
                new TemplateDraft { From = "f", To = "d", Then = new ThenDraft { Reload = "HUP", Done = ["a", "b"] } },
                new TemplateDraft { From = "f", To = "t", Reload = "HUP" }, new TemplateDraft { From = "f", To = "u" },
            ],
            Constraints = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add("disk", ["ssd"]),
            DependsOn = ["api"],
            PerHost = 2,
        });
        Assert.Equal(
            [
                "release=web@1.0", "run=bin/web", "args=[a, b]", "env.A=b", "working_directory=w", "user=u", "ports.admin=9000",
                "ports.http=dynamic", "probe.http=/", "probe.port=http", "probe.every=1s", "probe.timeout=1s",
                    "probe.fail_after=3",
                "probe.start_timeout=1m", "limits.memory=256MiB", "limits.cpu=0.5", "limits.open_files=16", "limits.processes=9",
                "templates.d=from f, then reload HUP, done by [a, b]", "templates.t=from f, then reload HUP",
                "templates.u=from f, then nothing", "per_host=2", "constraints.disk=[ssd]", "depends_on=[api]",
                "restart.delay=100ms", "restart.max_delay=30s", "restart.window=10m", "restart.attempts=10",
                "stop.signal=TERM", "stop.grace=30s", "stop.drain=30s", "logs.max_size=100MiB", "logs.max_age=7d",
                "update.canary=1", "update.batch=25%", "update.bake=10s", "update.ready_within=5m",
                "update.max_unavailable=1", "update.surge=0", "update.rollback=auto",
            ],
            SpecLines.OfService(web).Select(l => $"{l.Path["services.web.".Length..]}={l.Value}"));
        Assert.Equal("web@1.0, 2 per host", SpecLines.Summary(web));
    }

    [Fact]
    public void An_update_shows_what_it_follows_and_nothing_that_it_does_not()
    {
        Assert.Equal(
            ["canary=0", "batches=4", "bake=0s", "promote=manual", "by_cell=true", "ready_within=30s", "max_unavailable=1",
                "surge=0", "rollback=manual"],
            Updates(new UpdateDraft
            {
                Canary = 0,
                Batches = 4,
                Bake = "0s",
                Promote = "manual",
                ByCell = true,
                ReadyWithin = "30s",
                Rollback = "manual",
            }));
        Assert.Equal(
            ["bake=10s", "ready_within=5m", "max_unavailable=1", "surge=0", "rollback=auto", "blue_green.keep=10m",
                "blue_green.strict=true"],
            Updates(new UpdateDraft { BlueGreen = new BlueGreenDraft { Strict = true } }));
    }

    private static IEnumerable<string> Updates(UpdateDraft update) =>
        SpecLines.OfService(Drafts.Filled(Drafts.Service with { Update = update }))
            .Where(l => l.Path.StartsWith("services.web.update.", StringComparison.Ordinal))
            .Select(l => $"{l.Path["services.web.update.".Length..]}={l.Value}");
}
