using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>Who of a blue-green change is shown, and that of a strict one two releases never answer.</summary>
public sealed class SidesTests
{
    private static readonly ServiceName Name = new("web");
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private static ServiceSpec Web(string version, bool strict, int instances = 2) =>
        Specs.Service("web", instances, version) with
        {
            Update = Specs.NoneAway with { BlueGreen = new BlueGreenPolicy(Kept, strict) },
        };

    private static World Both(bool strict = false) => World.Of("host1@az1", "host2@az2").Speaking()
        .Apply(Web("1.0", strict)).Settle().Apply(Web("2.0", strict)).Settle();

    private static World Decide(World world) => world.Commit(world.Plan());

    private static string Serving(World world) =>
        string.Join(' ', world.Naming.SetOf(Name).Endpoints.Select(e => e.Instance.Value));

    [Fact]
    public void A_new_side_that_nobody_has_met_is_not_shown_when_something_newer_takes_its_place()
    {
        var world = Both().Report("web.0", s => s with { Healthy = false }).After(TimeSpan.FromSeconds(1));

        Assert.Equal("web.1", Serving(Decide(world.Apply(Web("3.0", strict: false)))));
        Assert.Equal("web.1", Serving(Decide(world.Apply(Web("1.0", strict: false)))));
    }

    [Fact]
    public void On_the_way_back_and_after_it_what_is_hidden_is_not_shown_again()
    {
        var back = Decide(Both().After(Bake).Settle().Say("web", w => w with { Aborted = true }));
        Assert.Equal("web.0 web.1", Serving(back));

        var held = back.Report("web.0", s => s with { Hold = new Hold(HoldReason.WaitsForReload, "not yet") });
        Assert.Equal("web.0 web.1", Serving(Decide(held)));
        var silent = Decide(back.Silence("host1"));
        Assert.DoesNotContain("web.2", Serving(silent), StringComparison.Ordinal);
        Assert.DoesNotContain("web.3", Serving(silent), StringComparison.Ordinal);
    }

    [Fact]
    public void A_restart_that_a_person_asks_for_leaves_a_pause_as_it_is()
    {
        var paused = Both().Say("web", w => w with { Paused = true });
        var intent = paused.State.IntentOf(Name);
        var world = paused.Intend(intent with { Restarts = intent.Restarts + 1 }).Settle().After(Bake).Settle();

        Assert.Equal("web.0 web.1", Serving(world));
        Assert.Equal(2, world.RolloutOf("web").Number);
    }

    /// <summary>Found by the simulator: of nobody all were ready, and the side that stood in was hidden.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void What_stands_in_for_those_that_have_no_place_yet_serves_on(int placed)
    {
        var world = World.Of("host1@az1", "host2@az2").Apply(Web("1.0", strict: false, 4)).Settle();
        foreach (var host in world.State.Placements.Values)
        {
            var left = host with { Instances = [.. host.Instances.Where(i => i.Instance.Index >= 2 - placed)] };
            world = world.Put(StoreKeys.Placements(host.Host), left, WireJson.Default.HostPlacements);
        }

        world = world.Low("host1", "no room").Low("host2", "no room").Apply(
            Web("2.0", strict: false) with { Update = Web("2.0", strict: false).Update with { Bake = TimeSpan.Zero } });
        for (var round = 0; round < 10; round++)
        {
            world = Decide(world).Run();
            Assert.True(world.Naming.SetOf(Name).Endpoints.Length >= 2, $"round {round}: {Serving(world)}");
        }
    }

    [Fact]
    public void A_restart_of_what_is_halted_after_its_switch_hides_nobody_of_the_side_that_serves()
    {
        var spec = Web("2.0", strict: false);
        spec = spec with { Update = spec.Update with { Rollback = RollbackMode.Manual } };
        var halted = World.Of("host1@az1", "host2@az2").Speaking().Apply(Web("1.0", strict: false)).Settle().Apply(spec).Settle()
            .After(Bake).Settle().Report("web.2", s => s with { CrashesSinceChange = 1 }).Settle();
        Assert.Equal(("web.2 web.3", RolloutPhase.Halted), (Serving(halted), halted.RolloutOf("web").Phase));

        var intent = halted.State.IntentOf(Name);
        Assert.Equal("web.2 web.3", Serving(Decide(halted.Intend(intent with { Restarts = intent.Restarts + 1 }))));
    }

    [Fact]
    public void Fewer_instances_hide_the_old_ones_that_are_too_many_as_well()
    {
        var world = World.Of("host1@az1", "host2@az2").Speaking().Apply(Web("1.0", strict: true, 3)).Settle()
            .Apply(Web("2.0", strict: true)).Settle().After(Bake);
        for (var round = 0; round < 30 && world.RolloutOf("web").SwitchedAt is null; round++)
        {
            world = Decide(world).Run();
        }

        Assert.All(world.Naming.SetOf(Name).Endpoints, e => Assert.Contains(
            $"{e.Instance}=2.0", world.Versions("web"), StringComparison.Ordinal));
    }

    /// <summary>
    /// Whatever people say and whatever fails, and in whichever order the hosts hear of it. A process answers from the time when
    /// consumers were first told of it until it has been told to refuse, or has ended.
    /// </summary>
    [Fact]
    public void Of_a_strict_change_two_releases_never_answer() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(200),
        Prop.ForAll(Gen.Choose(0, 100_000).ListOf(150).Select(l => l.ToArray()).ToArbitrary(), NeverTwo));

    private static void NeverTwo(int[] choices)
    {
        var model = new Model(World.Of("host1@az1", "host2@az2").Speaking().Apply(Web("1.0", strict: true)).Settle());
        foreach (var choice in choices)
        {
            model.Do(choice);
            var answering = model.Answering().ToList();
            Assert.True(
                answering.Select(a => a.Version).Distinct().Count() <= 1,
                string.Join(' ', answering.Select(a => $"{a.Instance}={a.Version}")) + " after " + string.Join(", ", model.Said));
        }
    }

    /// <summary>The processes of the cluster, which hear of their orders one by one.</summary>
    private sealed class Model(World world)
    {
        private readonly Dictionary<(InstanceId, Incarnation), bool> _refuses = [];
        private readonly HashSet<(InstanceId, Incarnation)> _met = [];
        private World _world = world;

        public List<string> Said { get; } = [];

        public IEnumerable<(InstanceId Instance, string Version)> Answering() =>
            from facts in _world.State.Facts.Values
            from status in facts.Instances
            let process = (status.Instance, status.Incarnation)
            where _met.Contains(process) && status.Pid is not null && !_refuses.GetValueOrDefault(process)
            select (status.Instance, _world.State.InstanceSpecs[status.Spec].Release.Version.Value);

        public void Do(int choice)
        {
            var ids = Known().ToList();
            var (host, instance) = ids[choice / 20 % ids.Count];
            Said.Add($"{choice % 20}/{instance}");
            _world = (choice % 20) switch
            {
                < 6 => Decide(_world).Confirm(),
                < 9 => Hear(host, instance),
                9 or 10 => HearAll(ids),
                11 or 12 => _world.After(Bake),
                13 when choice / 20 % 2 == 0 => _world.After(Kept),
                14 => _world.Say("web", w => w with { Aborted = true }),
                15 => _world.Say("web", w => w with { Promotes = w.Promotes + 1 }),
                16 => _world.Say("web", w => w with { Paused = !w.Paused }),
                17 => _world.Apply(Web($"{1 + (choice / 20 % 3)}.0", strict: true, 2 + (choice / 60 % 2))),
                18 => _world.Say("web", w => w with { Retry = true, Resumes = w.Resumes + 1 }),
                19 => Crash(host, instance),
                _ => _world,
            };
            foreach (var endpoint in _world.Naming.SetOf(Name).Endpoints)
            {
                _met.Add((endpoint.Instance, endpoint.Incarnation));
            }
        }

        private IEnumerable<(HostId Host, InstanceId Instance)> Known() =>
            _world.State.Placements.Values.SelectMany(h => h.Instances.Select(i => (h.Host, i.Instance)))
                .Concat(_world.State.Facts.Values.SelectMany(f => f.Instances.Select(i => (f.Host, i.Instance))))
                .Distinct();

        private World HearAll(IEnumerable<(HostId Host, InstanceId Instance)> ids)
        {
            foreach (var (host, instance) in ids)
            {
                _world = Hear(host, instance);
            }

            return _world;
        }

        private World Hear(HostId host, InstanceId instance)
        {
            var after = _world.RunOne(host.Value, instance);
            if (after.State.Facts[host].Find(instance) is { } status)
            {
                _refuses[(instance, status.Incarnation)] = after.State.Placements.GetValueOrDefault(host)?.Instances
                    .FirstOrDefault(p => p.Instance == instance)?.Refuse is true;
            }
            else
            {
                // Its next one on this host begins to count anew.
                _met.RemoveWhere(p => p.Item1 == instance);
            }

            return after;
        }

        private World Crash(HostId host, InstanceId instance) => _world.State.Facts[host].Find(instance) is null
            ? _world
            : _world.Report(instance.Value, s => s with { CrashesSinceChange = (s.CrashesSinceChange ?? 0) + 1 });
    }
}
