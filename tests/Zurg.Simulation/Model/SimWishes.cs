using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Simulation;

/// <summary>What people may come to want: services of every shape and way to change, and words on a rollout.</summary>
internal sealed class SimWishes(Sim sim)
{
    /// <param name="goodOnly">No release that ends by itself or never becomes ready.</param>
    public ServiceSpec AnyService(string name, bool goodOnly, bool dependsOnDb)
    {
        var spec = sim.Next(6) switch
        {
            0 => Specs.PerHost(name, 1),
            1 => Specs.Pinned(name, "host1", "host3"),
            _ => Specs.Service(name, name == "db" ? 1 + sim.Next(5) : sim.Next(6)),
        };
        spec = dependsOnDb ? spec.After("db") : spec;
        return spec.With(i => i with
        {
            Release = Id.Parse<ReleaseId>($"{name}@{1 + sim.Next(goodOnly ? 3 : 4)}"),
            Probe = new ProbeSpec
            {
                Kind = ProbeKind.Tcp,
                Every = TimeSpan.FromSeconds(1),
                Timeout = TimeSpan.FromSeconds(1),
                FailAfter = 3,
                StartTimeout = TimeSpan.FromSeconds(20),
            },
        }) with
        {
            Stop = new StopPolicy("TERM", TimeSpan.FromSeconds(2)),
            Restart = new RestartPolicy(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(10), 1000),
            Update = AnyPolicy(),
        };
    }

    /// <summary>Of the silence that began then; now and then of an older one, which it is no word on.</summary>
    public LostIntent AnyLoss(DateTimeOffset silentSince, DateTimeOffset now) =>
        new(sim.Chance(0.1) ? silentSince - TimeSpan.FromSeconds(1) : silentSince, now, "sim");

    /// <summary>What somebody who has said nothing of a rollout yet begins with.</summary>
    public static RolloutIntent NoWords(long number) => new(
        number, Paused: false, Aborted: false, Retry: false, Resumes: 0, Promotes: 0, PromoteAll: false, By: "sim");

    public RolloutIntent AnyWords(long number, RolloutIntent? before)
    {
        var said = before?.Number == number ? before : NoWords(number);
        return sim.Next(7) switch
        {
            0 => said with { Paused = true },
            1 => said with { Aborted = true },
            2 => said with { Retry = true },
            3 => said with { Resumes = said.Resumes + 1, Paused = false },
            4 => said with { PromoteAll = true, Promotes = said.Promotes + 1 },
            5 => said with { Promotes = said.Promotes + 1 },
            _ => said with { Paused = false },
        };
    }

    private UpdatePolicy AnyPolicy()
    {
        var away = sim.Next(3);
        var rollback = sim.Chance(0.7) ? RollbackMode.Auto : RollbackMode.Manual;
        return new UpdatePolicy(
            sim.Next(3), sim.Chance(0.5) ? "50%" : "1", sim.Chance(0.5) ? TimeSpan.Zero : sim.Milliseconds(1, 2000), away,
            away == 0 ? 1 + sim.Next(2) : sim.Next(3), rollback)
        {
            ByCell = sim.Chance(0.2) ? true : null,
            Batches = sim.Chance(0.2) ? 2 : null,
            ReadyWithin = sim.Chance(0.5) ? TimeSpan.FromSeconds(5) : null,
            BlueGreen = sim.Chance(0.3) ? new BlueGreenPolicy(sim.Milliseconds(1, 4000), Strict: sim.Chance(0.7)) : null,
        };
    }
}
