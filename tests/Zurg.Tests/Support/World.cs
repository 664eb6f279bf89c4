using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>
/// A cluster for table tests: hosts, specs and reports go in through the store's keys and the real fold, so that what a test says
/// of the decider holds for what the store holds.
/// </summary>
internal sealed record World
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    public ClusterState State { get; init; } = ClusterState.Empty;

    public NamingState Naming { get; init; } = NamingState.Empty;

    public DateTimeOffset Now { get; init; } = Noon;

    public Plan Plan() => DeciderMachine.Decide(State, Naming, Now);

    public static World Of(params string[] hostsAtCells) =>
        hostsAtCells.Aggregate(new World(), (world, text) => world.Join(text));

    /// <summary>Adds a connected host: host1@az1, with labels behind: host1@az1 disk=ssd.</summary>
    public World Join(string text, long memory = 8L << 30)
    {
        var words = text.Split(' ');
        var (host, cell) = (words[0].Split('@')[0], words[0].Split('@')[1]);
        var labels = words.Skip(1)
            .ToImmutableSortedDictionary(w => w.Split('=')[0], w => w.Split('=')[1], StringComparer.Ordinal);
        return Put(StoreKeys.Facts(new HostId(host)), new HostFacts
        {
            Host = new HostId(host),
            Session = HostSession.Connected,
            SessionSince = Noon,
            Applied = new Generation(0),
            Description = new HostDescription
            {
                Cell = new CellName(cell),
                Labels = labels,
                Address = "127.0.0.1",
                BootId = "boot",
                Build = "test",
                Memory = memory,
                Cpus = 2,
                Kernel = "6.1",
                Limits = "none",
            },
        }, WireJson.Default.HostFacts);
    }

    /// <summary>
    /// Applies these services as the next spec; their releases are pushed unless <paramref name="push"/> says no.
    /// </summary>
    public World Apply(ServiceSpec[] services, bool push = true)
    {
        var number = (State.Applied?.Number ?? default).Next;
        var spec = new ClusterSpec { Cluster = new ClusterName("test"), Services = [.. services.OrderBy(s => s.Name)] };
        var applied = SpecCompiler.Compile(spec, "", "test", Noon, State.Applied?.Number ?? default, number, revertOf: null) with
        {
            Leaving = Departing.Of(State.Applied, spec, State.Placements.Values, "ann", Now),
        };
        var specs = services.SelectMany(s => (s.PerInstance?.Keys ?? []).Select(s.InstanceOf).Append(s.Instance));
        var world = specs.Aggregate(this, (w, s) =>
            w.Put(StoreKeys.InstanceSpec(SpecDigest.Of(s)), s, WireJson.Default.InstanceSpec));
        world = push ? services.Aggregate(world, (w, s) => w.Push(s.Instance.Release)) : world;
        return world.Put(StoreKeys.CurrentSpec, applied, WireJson.Default.AppliedSpec);
    }

    public World Apply(params ServiceSpec[] services) => Apply(services, push: true);

    public World Push(ReleaseId release) => Put(StoreKeys.Release(release), new ReleaseRecord
    {
        Release = release,
        Manifest = Digest.Of("manifest"u8),
        Files = 1,
        Bytes = 1,
        Author = "test",
        At = Noon,
    }, WireJson.Default.ReleaseRecord);

    public World Intend(ServiceIntent intent) => Put(StoreKeys.Intent(intent.Service), intent, WireJson.Default.ServiceIntent);

    /// <summary>Commits a plan: its rollouts, then its placements.</summary>
    public World Commit(Plan plan)
    {
        var world = plan.Rollouts.Aggregate(this, (w, r) => w.PutBytes(
            StoreKeys.Rollout(r.Key),
            r.Value is null ? null : JsonSerializer.SerializeToUtf8Bytes(r.Value, WireJson.Default.Rollout)));
        world = plan.Unasked is null ? world : world.Put(StoreKeys.Unasked, plan.Unasked, WireJson.Default.UnaskedActions);
        return plan.Placements.Aggregate(
            world, (w, p) => w.Put(StoreKeys.Placements(p.Host), p, WireJson.Default.HostPlacements));
    }

    /// <summary>The host comes back without any label.</summary>
    public World Relabel(string host)
    {
        var facts = State.Facts[new HostId(host)];
        return Put(StoreKeys.Facts(facts.Host), facts with
        {
            Description = facts.Description with { Labels = ImmutableSortedDictionary<string, string>.Empty },
        }, WireJson.Default.HostFacts);
    }

    /// <summary>Agents of a newer build: they say which order to refuse an instance goes by, and end one by word.</summary>
    public World Speaking() => State.Facts.Values.Aggregate(this, (w, facts) => w.Put(
        StoreKeys.Facts(facts.Host), facts with
        {
            Description = facts.Description with { TrafficEpochs = true, EndsIncarnations = true },
        },
        WireJson.Default.HostFacts));

    public World After(TimeSpan time) => this with { Now = Now + time };

    public Rollout RolloutOf(string service) => State.Rollouts[new ServiceName(service)];

    public World Say(string service, Func<RolloutIntent, RolloutIntent> words)
    {
        var intent = State.IntentOf(new ServiceName(service));
        var number = RolloutOf(service).Number;
        var before = intent.Rollout is { } said && said.Number == number
            ? said : new RolloutIntent(number, false, false, false, 0, 0, false, "ann");
        return Intend(intent with { Rollout = words(before) });
    }

    public World Empty(string host, bool drained = true) => Put(StoreKeys.HostIntent(new HostId(host)), new HostIntent
    {
        Host = new HostId(host), Drained = drained, At = Now, By = "ann",
    }, WireJson.Default.HostIntent);

    /// <summary>Every connected host now runs exactly what is placed on it, ready, but for those named.</summary>
    public World Run(params string[] butNotReady)
    {
        var world = this;
        foreach (var facts in State.Facts.Values.Where(f => f.Session == HostSession.Connected))
        {
            var placed = State.Placements.GetValueOrDefault(facts.Host)?.Instances ?? [];
            var instances = placed.Select(p => StatusOf(p, facts.Find(p.Instance), !butNotReady.Contains(p.Instance.Value)))
                .ToImmutableArray();
            world = world.Put(StoreKeys.Facts(facts.Host), facts with { Instances = instances }, WireJson.Default.HostFacts);
        }

        return world.Confirm();
    }

    /// <summary>
    /// One instance is on its host what is placed there by now: its agent has told it, started it anew, or ended it for good.
    /// </summary>
    public World RunOne(string host, InstanceId instance)
    {
        var facts = State.Facts[new HostId(host)];
        var placed = State.Placements.GetValueOrDefault(facts.Host)?.Instances.FirstOrDefault(p => p.Instance == instance);
        var others = facts.Instances.Where(i => i.Instance != instance);
        return Put(StoreKeys.Facts(facts.Host), facts with
        {
            Instances =
            [
                .. (placed is null ? others : others.Append(StatusOf(placed, facts.Find(instance), ready: true)))
                    .OrderBy(i => i.Instance),
            ],
        }, WireJson.Default.HostFacts);
    }

    /// <summary>Every consumer uses the newest set of each service that has an instance to drain.</summary>
    public World Confirm() => State.Placements.Values.SelectMany(p => p.Instances)
        .Where(p => p.DrainingSince is not null).Select(p => p.Instance.Service).Distinct()
        .Aggregate(this, (w, service) => w.Confirm(service, w.Naming.SetOf(service).Revision));

    public World Confirm(ServiceName service, Revision lowest, params LateHost[] late) => Put(
        StoreKeys.Confirmed(service), new ServiceConfirmation { Service = service, Lowest = lowest, Late = [.. late] },
        WireJson.Default.ServiceConfirmation);

    /// <summary>Changes what one instance's agent reports of it.</summary>
    public World Report(string instance, Func<InstanceStatus, InstanceStatus> change)
    {
        var facts = State.Facts.Values.Single(f => f.Instances.Any(i => i.Instance.Value == instance));
        return Put(StoreKeys.Facts(facts.Host), facts with
        {
            Instances = [.. facts.Instances.Select(i => i.Instance.Value == instance ? change(i) : i)],
        }, WireJson.Default.HostFacts);
    }

    /// <summary>
    /// What is to be drained first is, and everybody has confirmed: the next plan may stop it. A rollout that begins or comes to
    /// its next stage first is let to.
    /// </summary>
    public World Drain()
    {
        var plan = Plan();
        return plan.Steps.Any(s => s is Step.Drain) ? Commit(plan).Confirm() : this;
    }

    public World Silence(string host)
    {
        var facts = State.Facts[new HostId(host)] with { Session = HostSession.Silent, SessionSince = Noon };
        return Put(StoreKeys.Facts(facts.Host), facts, WireJson.Default.HostFacts);
    }

    /// <summary>By word of ann, and as its speaker makes a fact of it.</summary>
    public World Lose(string host)
    {
        var silent = Silence(host);
        var facts = silent.State.Facts[new HostId(host)];
        var before = silent.State.HostIntents.GetValueOrDefault(facts.Host)
            ?? new HostIntent { Host = facts.Host, Drained = false, At = Now, By = "ann" };
        return silent.Put(
                StoreKeys.HostIntent(facts.Host), before with { Lost = new LostIntent(facts.SessionSince, Now, "ann") },
                WireJson.Default.HostIntent)
            .Put(
                StoreKeys.Facts(facts.Host), facts with { Session = HostSession.Lost, SessionSince = Now, Instances = [] },
                WireJson.Default.HostFacts);
    }

    /// <summary>Consumers of the host follow these services.</summary>
    public World Follow(string host, params string[] services)
    {
        var facts = State.Facts[new HostId(host)] with { Follows = [.. services.Select(s => new ServiceName(s))] };
        return Put(StoreKeys.Facts(facts.Host), facts, WireJson.Default.HostFacts);
    }

    /// <summary>A lost host is heard again, and runs what its agent knew last.</summary>
    public World Return(string host, World before)
    {
        var facts = before.State.Facts[new HostId(host)] with { Session = HostSession.Connected, ReturnedAt = Now };
        return Put(StoreKeys.Facts(facts.Host), facts, WireJson.Default.HostFacts);
    }

    /// <summary>The host is short of disk; an empty text: it has room again.</summary>
    public World Low(string host, string text)
    {
        var facts = State.Facts[new HostId(host)];
        ImmutableArray<HostLow> lows = text.Length == 0 ? [] : [new HostLow(LowResource.Disk, text, Noon, "/")];
        return Put(StoreKeys.Facts(facts.Host), facts with { Lows = lows }, WireJson.Default.HostFacts);
    }

    public World Put<T>(string key, T value, JsonTypeInfo<T> type) =>
        PutBytes(key, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <param name="value">Null removes the key.</param>
    public World PutBytes(string key, byte[]? value)
    {
        var state = ClusterFold.Apply(
            State, key, value is null ? null : (ReadOnlyMemory<byte>?)value, State.Revision.Next);
        return this with { State = state, Naming = NamingFold.Next(Naming, State, state) };
    }

    /// <summary>Plans, commits and runs until the plan is converged or only holds are left; fails after many rounds.</summary>
    public World Settle(params string[] butNotReady)
    {
        var world = this;
        for (var round = 0; round < 200; round++)
        {
            var plan = world.Plan();
            if (plan.Steps.IsEmpty && plan.Rollouts.IsEmpty)
            {
                return world;
            }

            world = world.Commit(plan).Run(butNotReady);
        }

        throw new InvalidOperationException(
            "still planning after 200 rounds: " + string.Join("; ", world.Plan().Steps.Select(s => s.Text)));
    }

    /// <summary>What is placed, as text: host1: web.0 web.1; host2: …</summary>
    public string Placed() => string.Join("; ", State.Placements.Values.Where(p => !p.Instances.IsEmpty)
        .Select(p => $"{p.Host}: {string.Join(' ', p.Instances.Select(i => i.Instance))}"));

    /// <summary>Which version each instance of a service was placed with, as text: web.0=1.0 web.1=2.0.</summary>
    public string Versions(string service) => string.Join(' ', State.Placements.Values.SelectMany(p => p.Instances)
        .Where(p => p.Instance.Service.Value == service).OrderBy(p => p.Instance)
        .Select(p => $"{p.Instance}={State.InstanceSpecs[p.Spec].Release.Version}"));

    private static InstanceStatus StatusOf(Placement placement, InstanceStatus? before, bool ready)
    {
        var runs = placement.Wanted == WantedPhase.Running;
        var same = before is not null && placement.IsOf(before);
        return new InstanceStatus
        {
            Instance = placement.Instance,
            Incarnation = same ? before!.Incarnation : new Incarnation((before?.Incarnation.Value ?? 0) + 1),
            Phase = !runs ? InstancePhase.Waiting : ready ? InstancePhase.Running : InstancePhase.Starting,
            Healthy = runs && ready,
            Spec = placement.Spec,
            Release = Id.Parse<ReleaseId>("any@1"),
            Restarts = placement.Restarts,
            Pid = runs ? 100 : null,
            Since = Noon,
            Ports = ImmutableSortedDictionary<PortName, int>.Empty.Add(new PortName("http"), 8000 + placement.Instance.Index),
            Crashes = 0,
            Outdated = same ? before!.Outdated : null,
            TrafficEpoch = placement.TrafficEpoch,
            Counts = runs ? true : null,
        };
    }
}
