using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Supervision;

public sealed class LaunchBuilderTests
{
    private static readonly LaunchVariables Host = new()
    {
        Host = new HostId("h1"),
        Cell = new CellName("az1"),
        Address = "127.0.0.1",
        Ports = ImmutableSortedDictionary<PortName, int>.Empty.Add(new PortName("http-api"), 20001),
        Directory = "/z/instances/web.2",
        ReleaseDirectory = "/z/releases/web/1.1.0",
        IncarnationToken = "h1-7",
        Socket = "/run/zurg/h1.sock",
        Inherited = Text(("PATH", "/bin"), ("HOME", "/root"), ("USER", "root")),
    };

    private static readonly InstanceSpec Spec = new() { Release = ReleaseId.Parse("web@1.1.0"), Run = "bin/web" };

    [Fact]
    public void Everything_that_a_process_is_promised_is_in_its_environment()
    {
        var launch = Built(Spec, Host);
        Assert.Equal(
            Text(("HOME", "/root"), ("PATH", "/bin"), ("PORT_HTTP_API", "20001"), ("USER", "root"), ("ZURG_CELL", "az1"),
                ("ZURG_HOST", "h1"), ("ZURG_INCARNATION", "h1-7"), ("ZURG_INDEX", "2"), ("ZURG_INSTANCE", "web.2"),
                ("ZURG_RELEASE", "1.1.0"), ("ZURG_SERVICE", "web"), ("ZURG_SOCKET", "/run/zurg/h1.sock"),
                ("ZURG_SPEC", launch.Env["ZURG_SPEC"])),
            launch.Env);
        Assert.Equal(64, launch.Env["ZURG_SPEC"].Length);
        Assert.Equal("/z/releases/web/1.1.0/bin/web", launch.Executable);
        Assert.Equal("/z/instances/web.2", launch.WorkingDirectory);
        Assert.Equal(Host.Ports, launch.Ports);
    }

    [Fact]
    public void Variables_are_replaced_in_args_env_and_working_directory()
    {
        var launch = Built(
            Spec with
            {
                Run = "/usr/bin/python3",
                Args = ["${ports.http-api}", "${settings.greeting}", "${release_dir}/x", "${instance} ${index} ${service}"],
                Env = Text(("WHERE", "${host}/${cell}/${address}"), ("PATH", "${dir}/bin")),
                WorkingDirectory = "data-${release}",
                Settings = Text(("greeting", "hi")),
            },
            Host);
        Assert.Equal(["20001", "hi", "/z/releases/web/1.1.0/x", "web.2 2 web"], launch.Args.AsEnumerable());
        Assert.Equal("h1/az1/127.0.0.1", launch.Env["WHERE"]);
        Assert.Equal("/z/instances/web.2/bin", launch.Env["PATH"]);
        Assert.Equal("/z/instances/web.2/data-1.1.0", launch.WorkingDirectory);
        Assert.Equal("/usr/bin/python3", launch.Executable);
    }

    [Fact]
    public void A_working_directory_may_be_absolute() =>
        Assert.Equal("/z/releases/web/1.1.0", Built(Spec with { WorkingDirectory = "${release_dir}" }, Host).WorkingDirectory);

    [Fact]
    public void A_notify_probe_gets_its_socket() =>
        Assert.Equal("/n.sock", Built(Spec, Host with { NotifySocket = "/n.sock" }).Env["NOTIFY_SOCKET"]);

    [Fact]
    public void A_variable_of_a_newer_build_is_a_refusal_and_no_guess() =>
        Assert.Equal(
            new LaunchOutcome.Refused("there is no variable ${moon} in this build of the agent"),
            LaunchBuilder.Build(Assigned(Spec with { Args = ["${moon}"] }), Host));

    private static Launch Built(InstanceSpec spec, LaunchVariables host) =>
        Assert.IsType<LaunchOutcome.Built>(LaunchBuilder.Build(Assigned(spec), host)).Launch;

    private static AssignedInstance Assigned(InstanceSpec spec) => new()
    {
        Instance = InstanceId.Parse("web.2"),
        Wanted = WantedPhase.Running,
        Spec = spec,
        SpecDigest = SpecDigest.Of(spec),
        Restarts = 0,
        Manifest = SpecDigest.Of(spec),
        Restart = new RestartPolicy(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), 3),
        Stop = new StopPolicy("TERM", TimeSpan.FromSeconds(1)),
    };

    private static ImmutableSortedDictionary<string, string> Text(params (string Name, string Value)[] entries) =>
        entries.ToImmutableSortedDictionary(e => e.Name, e => e.Value, StringComparer.Ordinal);
}
