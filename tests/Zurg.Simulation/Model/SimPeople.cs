using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Simulation;

/// <summary>People at the API: they apply, restart, stop and start, and remember what was acknowledged.</summary>
internal sealed class SimPeople(Sim sim, IStateStore store)
{
    private static readonly ImmutableArray<string> Names = ["db", "web", "work"];

    /// <summary>The newest spec number that was acknowledged.</summary>
    public SpecNumber Acknowledged { get; private set; }

    public ServiceName AnyName() => new(Names[sim.Next(Names.Length)]);

    public async Task PushAllAsync(CancellationToken stop)
    {
        foreach (var name in Names)
        {
            foreach (var version in Enumerable.Range(1, 4))
            {
                var release = Id.Parse<ReleaseId>($"{name}@{version}");
                var record = new ReleaseRecord
                {
                    Release = release, Manifest = Digest.Of("m"u8), Files = 1, Bytes = 1, Author = "sim",
                    At = sim.Time.GetUtcNow(),
                };
                var value = JsonSerializer.SerializeToUtf8Bytes(record, WireJson.Default.ReleaseRecord);
                await WriteAsync(_ => [Json(StoreKeys.Release(release), value)], stop);
            }
        }
    }

    public async Task RunAsync(SimFaults faults, CancellationToken stop)
    {
        while (faults.On)
        {
            await sim.Delay(sim.Milliseconds(200, 5000), stop);
            if (sim.Chance(0.6))
            {
                await ApplyAsync(stop);
            }
            else
            {
                await IntendAsync(new ServiceName(Names[sim.Next(Names.Length)]), faults, stop);
            }
        }
    }

    public async Task ApplyAsync(CancellationToken stop)
    {
        var names = Names.Where(_ => sim.Chance(0.85)).ToImmutableArray();
        var services = names.Select(
            name => AnyService(name, dependsOnDb: name == "web" && names.Contains("db") && sim.Chance(0.3)))
            .ToImmutableArray();
        await WriteAsync(
            newest =>
            {
                var applied = Numbered(newest, services);
                var json = JsonSerializer.SerializeToUtf8Bytes(applied, WireJson.Default.AppliedSpec);
                return
                [
                    Json(StoreKeys.CurrentSpec, json),
                    .. services.DistinctBy(s => SpecDigest.Of(s.Instance)).Select(s => Json(
                        StoreKeys.InstanceSpec(SpecDigest.Of(s.Instance)),
                        JsonSerializer.SerializeToUtf8Bytes(s.Instance, WireJson.Default.InstanceSpec))),
                ];
            },
            stop);
        sim.Count("people: applied");
    }

    /// <summary>Everything that was stopped runs again.</summary>
    public async Task StartAllAsync(CancellationToken stop)
    {
        foreach (var name in Names)
        {
            await WriteIntentAsync(new ServiceName(name), intent => intent with { Stopped = false }, stop);
        }
    }

    private async Task IntendAsync(ServiceName service, SimFaults faults, CancellationToken stop)
    {
        sim.Count("people: restarted, stopped or started");
        var stopped = faults.On && sim.Chance(0.3);
        await WriteIntentAsync(service, intent => intent with { Stopped = stopped, Restarts = intent.Restarts + 1 }, stop);
    }

    private async Task WriteIntentAsync(ServiceName service, Func<ServiceIntent, ServiceIntent> change, CancellationToken stop)
    {
        var key = StoreKeys.Intent(service);
        await RetryAsync(
            async () =>
            {
                var entry = (await store.ListAsync(key, at: null, stop)).Entries.FirstOrDefault(e => e.Key == key);
                var intent = entry is null
                    ? ServiceIntent.Of(service) : JsonSerializer.Deserialize(entry.Value.Span, WireJson.Default.ServiceIntent)!;
                var json = JsonSerializer.SerializeToUtf8Bytes(change(intent), WireJson.Default.ServiceIntent);
                await store.CommitAsync(new StoreCommit([], [Json(key, json)]), stop);
            },
            stop);
    }

    private async Task WriteAsync(Func<AppliedSpec?, ImmutableArray<StoreWrite>> writes, CancellationToken stop) =>
        await RetryAsync(
        async () =>
        {
            var entry = (await store.ListAsync(StoreKeys.CurrentSpec, at: null, stop)).Entries.FirstOrDefault();
            var newest = entry is null ? null : JsonSerializer.Deserialize(entry.Value.Span, WireJson.Default.AppliedSpec);
            var guard = new StoreExpectation(StoreKeys.CurrentSpec, entry?.Modified ?? default);
            var all = writes(newest);
            if (await store.CommitAsync(new StoreCommit([guard], all), stop) is CommitOutcome.Committed
                && all.Any(w => w.Key == StoreKeys.CurrentSpec))
            {
                Acknowledged = (newest?.Number ?? default).Next;
            }
        },
        stop);

    private async Task RetryAsync(Func<Task> attempt, CancellationToken stop)
    {
        for (var tries = 0; tries < 1000; tries++)
        {
            try
            {
                await attempt();
                return;
            }
            catch (StoreFaultException)
            {
                await sim.Delay(sim.Milliseconds(10, 200), stop);
            }
        }
    }

    private AppliedSpec Numbered(AppliedSpec? newest, ImmutableArray<ServiceSpec> services) => new()
    {
        Number = (newest?.Number ?? default).Next,
        Author = "sim",
        At = sim.Time.GetUtcNow(),
        Text = "",
        BasedOn = newest?.Number ?? default,
        Spec = new ClusterSpec { Cluster = new ClusterName("sim"), Services = services },
        InstanceDigests = services.ToImmutableSortedDictionary(s => s.Name, s => SpecDigest.Of(s.Instance)),
    };

    private ServiceSpec AnyService(string name, bool dependsOnDb)
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
            Release = Id.Parse<ReleaseId>($"{name}@{1 + sim.Next(4)}"),
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
        };
    }

    private static StoreWrite Json(string key, byte[] json) => new(key, json);
}
