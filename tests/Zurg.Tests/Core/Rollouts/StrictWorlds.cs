using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>A service of two instances in the middle of a strict change.</summary>
internal static class StrictWorlds
{
    public static readonly ServiceName Name = new("web");
    public static readonly TimeSpan Bake = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    public static UpdatePolicy Strict { get; } = Specs.NoneAway with { BlueGreen = new BlueGreenPolicy(Kept, Strict: true) };

    /// <summary>The new side is there and has been watched: it may take over.</summary>
    public static World Baked => Both(Strict).After(Bake);

    public static World Closed => Decide(Baked);

    public static World Switched => Baked.Settle();

    /// <summary>A person wants the old one back, and the new side is told to refuse.</summary>
    public static World Returning => Decide(Decide(Abort(Switched)));

    public static ServiceSpec Web(string version, UpdatePolicy policy) =>
        Specs.Service("web", 2, version) with { Update = policy };

    public static World Both(UpdatePolicy policy) => World.Of("host1@az1", "host2@az2").Speaking()
        .Apply(Web("1.0", policy)).Settle().Apply(Web("2.0", policy)).Settle();

    public static World Abort(World world) => world.Say("web", w => w with { Aborted = true });

    public static World Decide(World world) => world.Commit(world.Plan());

    public static World Heed(World world, params string[] instances) => instances.Aggregate(world, (w, i) =>
        w.RunOne(i is "web.0" or "web.2" ? "host1" : "host2", InstanceId.Parse(i)));

    public static string Serving(World world) =>
        string.Join(' ', world.Naming.SetOf(Name).Endpoints.Select(e => e.Instance.Value));

    public static string Refusing(World world) => string.Join(' ', world.State.Placements.Values
        .SelectMany(h => h.Instances).Where(p => p.Refuse is true).Select(p => p.Instance).Order());

    public static string Holds(World world) => string.Join("; ", world.Plan().Holds.Select(h => h.Text));

    /// <summary>One that is placed no more still runs on host2.</summary>
    public static World Leaving(World world)
    {
        var facts = world.State.Facts[new HostId("host2")];
        var leaver = facts.Find(InstanceId.Parse("web.1"))! with { Instance = InstanceId.Parse("web.7") };
        return world.Put(
            StoreKeys.Facts(facts.Host), facts with { Instances = [.. facts.Instances, leaver] }, WireJson.Default.HostFacts);
    }
}
