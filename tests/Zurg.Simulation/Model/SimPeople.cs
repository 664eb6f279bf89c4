using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Simulation;

/// <summary>People at the API: they apply, restart, stop and start, and remember what was acknowledged.</summary>
internal sealed class SimPeople(Sim sim, IStateStore store, SimWishes wishes)
{
    private static readonly ImmutableArray<string> Names = ["db", "web", "work"];
    private static readonly ImmutableArray<string> Hosts = ["host1", "host2", "host3", "host4"];

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
            await (sim.Next(12) switch
            {
                < 5 => ApplyAsync(stop),
                < 7 => IntendAsync(AnyName(), faults, stop),
                < 9 => SayAsync(AnyName(), stop),
                < 11 => LoseAsync(stop),
                _ => EmptyAsync(Hosts[sim.Next(Hosts.Length)], sim.Chance(0.5), stop),
            });
        }
    }

    public Task ApplyAsync(CancellationToken stop) => ApplyAsync(goodOnly: false, stop);

    private async Task ApplyAsync(bool goodOnly, CancellationToken stop)
    {
        var names = Names.Where(_ => sim.Chance(0.85)).ToImmutableArray();
        var services = names.Select(
            name => wishes.AnyService(name, goodOnly, dependsOnDb: name == "web" && names.Contains("db") && sim.Chance(0.3)))
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

    /// <summary>Everything that was stopped runs again, no host is empty, and only what can work is wanted.</summary>
    public async Task PutRightAsync(CancellationToken stop)
    {
        foreach (var host in Hosts)
        {
            await EmptyAsync(host, drained: false, stop);
        }

        foreach (var name in Names)
        {
            await WriteIntentAsync(new ServiceName(name), intent => intent with { Stopped = false, Rollout = null }, stop);
        }

        for (var before = Acknowledged; Acknowledged == before;)
        {
            await ApplyAsync(goodOnly: true, stop);   // somebody else may have been quicker
        }

        // It may be just what was halted or taken back while faults struck: then it goes on, or is tried again.
        await sim.Delay(TimeSpan.FromSeconds(20), stop);
        foreach (var name in Names)
        {
            await SayAsync(
                new ServiceName(name), number => SimWishes.NoWords(number) with { Retry = true, Resumes = 100 }, stop);
        }
    }

    private async Task EmptyAsync(string name, bool drained, CancellationToken stop)
    {
        sim.Count("people: emptied a host, or took that back");
        await WriteHostAsync(
            new HostId(name), (intent, _) => intent with { Drained = drained, At = sim.Time.GetUtcNow() }, stop);
    }

    /// <summary>Whoever is silent now is counted as gone, be it alive or not.</summary>
    private async Task LoseAsync(CancellationToken stop)
    {
        foreach (var name in Hosts)
        {
            await WriteHostAsync(
                new HostId(name),
                (intent, facts) => facts is { Session: HostSession.Silent, SessionSince: var since }
                    ? intent with { Lost = wishes.AnyLoss(since, sim.Time.GetUtcNow()) }
                    : null,
                stop);
        }
    }

    /// <param name="change">Null: nothing is written.</param>
    private async Task WriteHostAsync(
        HostId host, Func<HostIntent, HostFacts?, HostIntent?> change, CancellationToken stop)
    {
        var (key, factsKey) = (StoreKeys.HostIntent(host), StoreKeys.Facts(host));
        await RetryAsync(
            async () =>
            {
                var entry = (await store.ListAsync(key, at: null, stop)).Entries.FirstOrDefault(e => e.Key == key);
                var known = (await store.ListAsync(factsKey, at: null, stop)).Entries.FirstOrDefault(e => e.Key == factsKey);
                var before = entry is null
                    ? new HostIntent { Host = host, Drained = false, At = default, By = "sim" }
                    : JsonSerializer.Deserialize(entry.Value.Span, WireJson.Default.HostIntent)!;
                var facts = known is null ? null : JsonSerializer.Deserialize(known.Value.Span, WireJson.Default.HostFacts);
                if (change(before, facts) is { } intent)
                {
                    var json = JsonSerializer.SerializeToUtf8Bytes(intent, WireJson.Default.HostIntent);
                    await store.CommitAsync(new StoreCommit([], [Json(key, json)]), stop);
                }
            },
            stop);
    }

    /// <summary>Pauses, promotes, aborts, tries again: whatever the rollout's number is now.</summary>
    private Task SayAsync(ServiceName service, CancellationToken stop) => SayAsync(service, words: null, stop);

    /// <param name="words">Null: any.</param>
    private async Task SayAsync(ServiceName service, Func<long, RolloutIntent>? words, CancellationToken stop)
    {
        var key = StoreKeys.Rollout(service);
        Rollout? rollout = null;
        await RetryAsync(
            async () =>
            {
                var entry = (await store.ListAsync(key, at: null, stop)).Entries.FirstOrDefault(e => e.Key == key);
                rollout = entry is null ? null : JsonSerializer.Deserialize(entry.Value.Span, WireJson.Default.Rollout);
            },
            stop);
        if (rollout is not null)
        {
            sim.Count("people: spoke of a rollout");
            await WriteIntentAsync(
                service,
                intent => intent with
                {
                    Rollout = words?.Invoke(rollout.Number) ?? wishes.AnyWords(rollout.Number, intent.Rollout),
                },
                stop);
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
        Spec = Spec(services),
        Leaving = Departing.Of(newest, Spec(services), [], "sim", sim.Time.GetUtcNow()),
        InstanceDigests = services.ToImmutableSortedDictionary(s => s.Name, s => SpecDigest.Of(s.Instance)),
    };

    private static ClusterSpec Spec(ImmutableArray<ServiceSpec> services) =>
        new() { Cluster = new ClusterName("sim"), Services = services };

    private static StoreWrite Json(string key, byte[] json) => new(key, json);
}
