using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Processes;

/// <summary>On a tree of plain files: what the kernel would make of them is written by the tests.</summary>
public sealed class CgroupSiteTests : IDisposable
{
    private static readonly Incarnation Seventh = new(7);

    private readonly string _root = Directory.CreateTempSubdirectory("zurg-cgroups-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_group_has_the_limits_that_were_asked_for_and_the_agent_is_in_one_beside_it()
    {
        var site = Find("cpu io memory pids\n");
        Assert.Equal(["cpu", "memory", "pids"], site.Controllers);
        Assert.Null(site.WhyNot);
        Assert.Equal("4321", File.ReadAllText(Under("unit.service", "zurg-agent", "cgroup.procs")));
        Assert.Equal("+cpu +memory +pids", File.ReadAllText(Under("unit.service", "cgroup.subtree_control")));
        Assert.Equal("+cpu +memory +pids", File.ReadAllText(Under("unit.service", "zurg-abc", "cgroup.subtree_control")));

        var group = site.Make(AgentSamples.Web, Seventh, new LimitsSpec(Memory: 1 << 28, Cpu: 0.5, Processes: 20));
        Assert.Equal(Under("unit.service", "zurg-abc", "web.0-7"), group);
        Assert.Equal("268435456", File.ReadAllText(Path.Combine(group!, "memory.max")));
        Assert.Equal("50000 100000", File.ReadAllText(Path.Combine(group!, "cpu.max")));
        Assert.Equal("20", File.ReadAllText(Path.Combine(group!, "pids.max")));
        Assert.Null(CgroupSite.TryEnter(group!, 77));
        Assert.Equal("77", File.ReadAllText(Path.Combine(group!, "cgroup.procs")));
        Assert.Equal(group, site.Existing(AgentSamples.Web, Seventh));
        Assert.Null(site.Existing(AgentSamples.Web, Seventh.Next));
    }

    [Fact]
    public void The_next_agent_finds_the_same_place_and_removes_what_is_empty()
    {
        var group = Find("memory").Make(AgentSamples.Web, Seventh, new LimitsSpec(Memory: 1 << 20))!;
        File.Delete(Path.Combine(group, "memory.max"));
        var lived = Find("memory").Make(AgentSamples.Web, Seventh.Next, new LimitsSpec(Memory: 1 << 20))!;
        var next = CgroupSite.Find("abc", Place("/unit.service/zurg-agent"), 5);
        next.Sweep();
        Assert.False(Directory.Exists(group));
        Assert.Equal(lived, next.Existing(AgentSamples.Web, Seventh.Next));
        Assert.Equal("5", File.ReadAllText(Under("unit.service", "zurg-agent", "cgroup.procs")));
        Assert.Null(next.Make(AgentSamples.Web, Seventh, new LimitsSpec(OpenFiles: 100, Cpu: 1)));
    }

    [Fact]
    public void What_the_kernel_counted_is_read()
    {
        Assert.False(CgroupSite.WasOutOfMemory(_root));
        Assert.Null(CgroupSite.Peak(_root));
        File.WriteAllText(Path.Combine(_root, "memory.events"), "low 0\nmax 9\noom 1\noom_kill 0\n");
        File.WriteAllText(Path.Combine(_root, "memory.peak"), "12345\n");
        Assert.False(CgroupSite.WasOutOfMemory(_root));
        Assert.Equal(12345, CgroupSite.Peak(_root));
        File.WriteAllText(Path.Combine(_root, "memory.events"), "low 0\nmax 9\noom 1\noom_kill 2\n");
        Assert.True(CgroupSite.WasOutOfMemory(_root));
    }

    [Theory]
    [InlineData("no cgroup v2 controllers", "\n", true)]
    [InlineData("no cgroup v2 controllers", "io rdma", true)]
    [InlineData("was not given to the agent (Delegate=yes in its unit)", "memory", false)]
    public void What_cannot_be_used_says_why(string why, string controllers, bool delegated)
    {
        var site = Find(controllers, delegated);
        Assert.Contains(why, site.WhyNot, StringComparison.Ordinal);
        Assert.Empty(site.Controllers);
        Assert.Null(site.Make(AgentSamples.Web, Seventh, new LimitsSpec(Memory: 1 << 20)));
        Assert.Null(site.Existing(AgentSamples.Web, Seventh));
    }

    [Fact]
    public void A_machine_without_the_tree_says_so() => Assert.Equal(
        "no cgroup v2", CgroupSite.Find("abc", new CgroupPlace("", "0::/\n", _ => true), 1).WhyNot);

    [Fact]
    public void A_limit_that_the_kernel_does_not_take_is_a_fault_and_no_silent_start()
    {
        var site = Find("memory");
        Directory.CreateDirectory(Under("unit.service", "zurg-abc", "web.0-7", "memory.max"));
        Assert.ThrowsAny<Exception>(() => site.Make(AgentSamples.Web, Seventh, new LimitsSpec(Memory: 1 << 20)));
    }

    /// <summary>With the machine's own tree, where there is one that a root may write to: controllers or not, it kills.</summary>
    [RootFact]
    public async Task A_real_group_is_killed_at_one_moment_and_goes_when_it_is_empty()
    {
        var mount = File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' '))
            .FirstOrDefault(f => f.Contains("cgroup2"))?[4];
        if (mount is null || !File.Exists(Path.Combine(mount, "cgroup.procs")))
        {
            return;
        }

        var group = Path.Combine(mount, $"zurg-test-{Environment.ProcessId}");
        Directory.CreateDirectory(group);
        try
        {
            using var bench = new ProcessBench();
            var request = bench.Request("/bin/sh", "-c", "setsid sleep 60 & sleep 60") with { Cgroup = group };
            var process = bench.Start(request);
            var members = Path.Combine(group, "cgroup.procs");
            await ProcessBench.UntilAsync(() => File.ReadAllLines(members).Length == 3, "its processes");
            Assert.False(CgroupSite.TryRemove(group));
            CgroupSite.Kill(group);
            Assert.Equal(9, (await ProcessBench.ExitOf(process)).Signal);
            await ProcessBench.UntilAsync(() => CgroupSite.TryRemove(group), "an empty group");
            Assert.False(Directory.Exists(group));
        }
        finally
        {
            CgroupSite.Kill(group);
            CgroupSite.TryRemove(group);
        }
    }

    private string Under(params string[] parts) => Path.Combine([_root, .. parts]);

    private CgroupPlace Place(string own, bool delegated = true) => new(
        $"24 1 8:1 / / rw - ext4 /dev/sda rw\n31 24 0:27 / {_root} rw,nosuid shared:9 - cgroup2 cgroup2 rw\n",
        $"1:name=systemd:/x\n0::{own}\n", _ => delegated);

    private CgroupSite Find(string controllers, bool delegated = true)
    {
        Directory.CreateDirectory(Under("unit.service"));
        File.WriteAllText(Under("unit.service", "cgroup.controllers"), controllers);
        return CgroupSite.Find("abc", Place("/unit.service", delegated), 4321);
    }
}
