using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Tests.Agent;

/// <summary>Small things that the agent's tests are about.</summary>
internal static class AgentSamples
{
    public static readonly InstanceId Web = InstanceId.Parse("web.0");

    public static readonly Incarnation First = new(1);

    public static readonly PortName Http = new("http");

    public static ImmutableSortedDictionary<PortName, int> Ports(params (string Name, int Port)[] ports) =>
        ports.ToImmutableSortedDictionary(p => new PortName(p.Name), p => p.Port);

    public static ImmutableSortedDictionary<PortName, PortSpec> Specs(params (string Name, int? Fixed)[] ports) =>
        ports.ToImmutableSortedDictionary(p => new PortName(p.Name), p => new PortSpec(p.Fixed));

    public static AssignedInstance Assigned(Func<InstanceSpec, InstanceSpec>? change = null, string instance = "web.0")
    {
        var spec = new InstanceSpec { Release = ReleaseId.Parse("web@1.0.0"), Run = "run" };
        spec = change?.Invoke(spec) ?? spec;
        return new AssignedInstance
        {
            Instance = InstanceId.Parse(instance),
            Wanted = WantedPhase.Running,
            Spec = spec,
            SpecDigest = SpecDigest.Of(spec),
            Restarts = 0,
            Manifest = Digest.Of("manifest"u8),
            Restart = new RestartPolicy(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10), 10),
            Stop = new StopPolicy("TERM", TimeSpan.FromSeconds(5)),
        };
    }

    public static ProbeSpec Probe(ProbeKind kind, TimeSpan? timeout = null) => new()
    {
        Kind = kind,
        Port = kind is ProbeKind.Http or ProbeKind.Tcp ? Http : null,
        Path = kind is ProbeKind.Http ? "/healthz" : null,
        Every = TimeSpan.FromMilliseconds(200),
        Timeout = timeout ?? TimeSpan.FromSeconds(5),
        FailAfter = 3,
        StartTimeout = TimeSpan.FromSeconds(30),
    };

    public static EndpointSet Set(string service, long revision, params int[] ports) => new()
    {
        Service = new ServiceName(service),
        Revision = new Revision(revision),
        Endpoints =
        [
            .. ports.Select((port, i) => new Endpoint
            {
                Instance = new InstanceId(new ServiceName(service), i),
                Incarnation = First,
                Host = new HostId("host1"),
                Cell = new CellName("az1"),
                Address = "127.0.0.1",
                Ports = Ports(("http", port)),
                Release = ReleaseId.Parse($"{service}@1.0.0"),
                State = EndpointState.Ready,
            }),
        ],
    };
}
