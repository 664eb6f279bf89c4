using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>Small services for tests: Specs.Service("web", 3) and with { … } for the rest.</summary>
internal static class Specs
{
    /// <summary>No stages, no spare instance, one away at a time.</summary>
    public static UpdatePolicy OneAway { get; } = new(0, "100%", TimeSpan.Zero, 1, 0, RollbackMode.Auto);

    /// <summary>Nobody away: a spare one first, which is the canary, then two at a time, watched for ten seconds each.</summary>
    public static UpdatePolicy NoneAway { get; } = new(1, "2", TimeSpan.FromSeconds(10), 0, 1, RollbackMode.Auto);

    public static ServiceSpec Service(string name, int instances, string version = "1.0") => new()
    {
        Name = new ServiceName(name),
        Scale = new ScaleSpec { Instances = instances },
        Instance = new InstanceSpec { Release = Id.Parse<ReleaseId>($"{name}@{version}"), Run = "bin/run" },
        Restart = new RestartPolicy(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10), 10),
        Stop = new StopPolicy("TERM", TimeSpan.FromSeconds(30)),
        Update = OneAway,
    };

    public static ServiceSpec Pinned(string name, params string[] hosts) =>
        Service(name, 0) with { Scale = new ScaleSpec { Hosts = [.. hosts.Select(h => new HostId(h))] } };

    public static ServiceSpec PerHost(string name, int count) =>
        Service(name, 0) with { Scale = new ScaleSpec { PerHost = count } };

    public static ServiceSpec Needs(this ServiceSpec service, string label, params string[] values) =>
        service with { Constraints = service.Constraints.Add(label, [.. values]) };

    public static ServiceSpec Port(this ServiceSpec service, int port) => service.With(i => i with
    {
        Ports = i.Ports.SetItem(new PortName("http"), new PortSpec(port)),
    });

    public static ServiceSpec Memory(this ServiceSpec service, long bytes) =>
        service.With(i => i with { Limits = new LimitsSpec(Memory: bytes) });

    public static ServiceSpec Env(this ServiceSpec service, string name, string value) =>
        service.With(i => i with { Env = i.Env.SetItem(name, value) });

    public static ServiceSpec After(this ServiceSpec service, params string[] dependencies) =>
        service with { DependsOn = [.. dependencies.Select(d => new ServiceName(d))] };

    public static ServiceSpec With(this ServiceSpec service, Func<InstanceSpec, InstanceSpec> change) =>
        service with { Instance = change(service.Instance) };
}
