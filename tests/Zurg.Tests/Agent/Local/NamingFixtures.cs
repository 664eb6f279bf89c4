using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Local;

/// <summary>Endpoint sets and agent states in few words.</summary>
internal static class NamingFixtures
{
    public static readonly HostId Own = new("host1");

    public static ServiceName Service(string name) => new(name);

    public static EndpointSet Set(string service, long revision, params Endpoint[] endpoints) =>
        new() { Service = new ServiceName(service), Revision = new Revision(revision), Endpoints = [.. endpoints] };

    public static Endpoint At(string instance, int port, string host = "host1", long incarnation = 1, bool suspect = false,
        string portName = "http") => new()
    {
        Instance = InstanceId.Parse(instance),
        Incarnation = new Incarnation(incarnation),
        Host = new HostId(host),
        Cell = new CellName("az1"),
        Address = "127.0.0.1",
        Ports = ImmutableSortedDictionary<PortName, int>.Empty.Add(new PortName(portName), port),
        Release = ReleaseId.Parse("web@1.0.0"),
        State = suspect ? EndpointState.Suspect : EndpointState.Ready,
    };

    public static AgentState State(params InstanceState[] instances) => new()
    {
        Host = Own,
        Instances = instances.ToImmutableSortedDictionary(i => i.Assigned.Instance, i => i),
        Assignment = new Assignment
        {
            Host = Own,
            Generation = new Generation(1),
            Instances = [.. instances.Select(i => i.Assigned)],
        },
    };

    public static InstanceState Instance(string instance, InstancePhase phase, long incarnation = 1,
        params string[] dependsOn) => new()
    {
        Assigned = new AssignedInstance
        {
            Instance = InstanceId.Parse(instance),
            Wanted = WantedPhase.Running,
            Spec = new InstanceSpec { Release = ReleaseId.Parse("web@1.0.0"), Run = "run" },
            SpecDigest = Digest.Of("spec"u8),
            Restarts = 0,
            Manifest = Digest.Of("manifest"u8),
            Restart = new RestartPolicy(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 1),
            Stop = new StopPolicy("TERM", TimeSpan.Zero),
            DependsOn = [.. dependsOn.Select(d => new ServiceName(d))],
        },
        Incarnation = new Incarnation(incarnation),
        Phase = phase,
        Since = DateTimeOffset.UnixEpoch,
    };
}
