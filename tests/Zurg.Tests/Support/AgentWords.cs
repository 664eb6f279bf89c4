using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>Assignments as tests want them: short to write, everything at a plain value.</summary>
internal static class AgentWords
{
    public static readonly HostId Host = new("host1");

    public static readonly InstanceId Web = InstanceId.Wrap("web.0");

    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly RestartPolicy Restart =
        new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10), 10);

    /// <summary>Nothing is waited for before the signal.</summary>
    public static readonly StopPolicy Stop = new("TERM", TimeSpan.FromSeconds(30), TimeSpan.Zero);

    /// <summary>It is told, its command runs, and its requests are waited for.</summary>
    public static readonly StopPolicy Patient =
        new("TERM", TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(20), ["bin/ctl", "leave"]);

    public static readonly ProbeSpec Probe = new()
    {
        Kind = ProbeKind.Tcp,
        Port = new PortName("http"),
        Every = TimeSpan.FromSeconds(1),
        Timeout = TimeSpan.FromSeconds(1),
        FailAfter = 3,
        StartTimeout = TimeSpan.FromSeconds(20),
    };

    public static readonly Hold Held = new(HoldReason.ReleaseUnavailable, "no master answers");

    public static AssignedInstance Assigned(InstanceId instance, string version = "1.0.0", bool probe = true) =>
        Assigned(instance, new InstanceSpec
    {
        Release = ReleaseId.Wrap($"{instance.Service}@{version}"),
        Run = "bin/run",
        Probe = probe ? Probe : null,
    });

    public static AssignedInstance Assigned(InstanceId instance, InstanceSpec spec) => new()
    {
        Instance = instance,
        Wanted = WantedPhase.Running,
        Spec = spec,
        SpecDigest = SpecDigest.Of(spec),
        Restarts = 0,
        Manifest = Digest.Of("manifest"u8),
        Restart = Restart,
        Stop = Stop,
    };

    public static AgentInput.Assigned Assign(long generation, params AssignedInstance[] instances) => new(new Assignment
    {
        Host = Host,
        Generation = new Generation(generation),
        Instances = [.. instances],
    });

    public static Launch Launch(int port = 20_000) => new()
    {
        Executable = "/releases/web/1.0.0/bin/run",
        Env = ImmutableSortedDictionary<string, string>.Empty,
        WorkingDirectory = "/instances/web.0",
        Ports = ImmutableSortedDictionary<PortName, int>.Empty.Add(new PortName("http"), port),
    };

    public static ProcessIdentity Pid(int pid) => new(pid, pid * 10L, "boot-1");

    public static ProcessExit Code(int code) => new(code, null, false, null, null);

    public static ProcessExit Killed(int signal) => new(null, signal, false, null, null);
}
