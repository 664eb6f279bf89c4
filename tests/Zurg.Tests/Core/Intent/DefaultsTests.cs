using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class DefaultsTests
{
    [Fact]
    public void A_service_gets_every_default()
    {
        var web = Drafts.Filled(new ServiceDraft { Release = "1.0", Run = "bin/web" });
        Assert.Equal(ReleaseId.Parse("web@1.0"), web.Instance.Release);
        Assert.Equal(1, web.Scale.Instances);
        Assert.Null(web.Instance.Probe);
        Assert.Null(web.Instance.Limits);
        Assert.Equal(new RestartPolicy(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10), 10),
            web.Restart);
        Assert.Equal(new StopPolicy("TERM", TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30)), web.Stop);
        var leaving = Drafts.Service with { Stop = new StopDraft { Command = ["bin/ctl", "leave"] } };
        Assert.Equal("bin/ctl leave", string.Join(' ', Drafts.Filled(leaving).Stop.Command!.Value));
        Assert.Equal(new LogPolicy(100 << 20, TimeSpan.FromDays(7)), web.Logs);
        Assert.Equal(new UpdatePolicy(1, "25%", TimeSpan.FromSeconds(10), 0, 1, RollbackMode.Auto)
        {
            ReadyWithin = TimeSpan.FromMinutes(5),
        }, web.Update);
        Assert.Equal("default", Defaults.Fill(new ClusterDraft()).Cluster.Value);
    }

    [Fact]
    public void A_service_with_ports_is_asked_by_tcp_at_the_first_by_name()
    {
        var probe = Drafts.Filled(Drafts.Service).Instance.Probe!;
        Assert.Equal((ProbeKind.Tcp, "admin", 3), (probe.Kind, probe.Port.ToString(), probe.FailAfter));
        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)),
            (probe.Every, probe.Timeout, probe.StartTimeout));
    }

    [Fact]
    public void Per_host_and_hosts_take_the_place_of_a_count()
    {
        Assert.Equal((null, 2), (Drafts.Filled(Drafts.Service with { PerHost = 2 }).Scale.Instances,
            Drafts.Filled(Drafts.Service with { PerHost = 2 }).Scale.PerHost));
        var pinned = Drafts.Filled(Drafts.Service with { Hosts = ["h1"] }).Scale;
        Assert.Null(pinned.Instances);
        Assert.Equal([new HostId("h1")], pinned.Hosts.AsEnumerable());
    }

    [Fact]
    public void An_instance_carries_only_the_settings_that_it_names()
    {
        Assert.Empty(Drafts.Filled(Drafts.Service).Instance.Settings);
        Assert.Equal("hello", Drafts.Filled(Drafts.Service with { Args = ["${settings.greeting}"] })
            .Instance.Settings["greeting"]);
        Assert.Equal("hello", Drafts.Filled(Drafts.Service with { Probe = new ProbeDraft { Exec = ["${settings.greeting}"] } })
            .Instance.Settings["greeting"]);
    }

    [Fact]
    public void The_order_of_the_file_does_not_matter_to_the_digest()
    {
        var one = Drafts.Service with { Ports = Drafts.Map(("a", "1"), ("b", "2")), Env = Drafts.Map(("X", "1"), ("Y", "2")) };
        var other = Drafts.Service with { Ports = Drafts.Map(("b", "2"), ("a", "1")), Env = Drafts.Map(("Y", "2"), ("X", "1")) };
        Assert.Equal(SpecDigest.Of(Drafts.Filled(one).Instance), SpecDigest.Of(Drafts.Filled(other).Instance));
    }
}
