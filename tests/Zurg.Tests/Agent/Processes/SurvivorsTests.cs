using Zurg.Agent;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Processes;

public sealed class SurvivorsTests : IDisposable
{
    private static readonly Digest Spec = Digest.Of("spec"u8);

    private readonly ProcessBench _bench = new();

    private AgentPaths Paths => new(_bench.Directory);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_process_is_known_by_its_environment_alone()
    {
        var process = Start("web.0/7", "exec sleep 60");
        var stray = Assert.Single(Survivors.Find(Paths));
        Assert.Equal(("web.0", 7, process, Spec), (stray.Instance.Value, stray.Incarnation.Value, stray.Process, stray.Spec));
        Assert.Equal(20_001, stray.Launch.Ports[new PortName("http-admin")]);
        Assert.Equal(_bench.Directory, stray.Launch.WorkingDirectory);
        Assert.InRange(stray.Age, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.False(stray.OutputIsLost);
        File.Delete(Path.Combine(_bench.Directory, "output"));
        Assert.True(Assert.Single(Survivors.Find(Paths)).OutputIsLost);
        Assert.Empty(Survivors.Find(new AgentPaths("/another")));
    }

    [Fact]
    public async Task Children_are_no_survivors_of_their_own_and_count_when_they_alone_are_left()
    {
        var process = Start("web.0/7", "sleep 60 & setsid sleep 60 & echo up; wait");
        await ProcessBench.UntilAsync(() => _bench.Output.Contains("up", StringComparison.Ordinal), "its children");
        Assert.Equal(process, Assert.Single(Survivors.Find(Paths)).Process);
        var orphan = Start("web.1/8", "sleep 60 & exit 0");
        await ProcessBench.ExitOf(orphan);
        Assert.Null(Survivors.Find(Paths).Single(s => s.Instance.Index == 1).Process);
    }

    [Fact]
    public void A_process_that_is_becoming_another_program_is_found_all_the_same()
    {
        var again = Path.Combine(_bench.Directory, "again");
        File.WriteAllText(again, "#!/bin/sh\nexec \"$0\"\n");
        File.SetUnixFileMode(again, (UnixFileMode)0b111_101_101);
        Start("web.0/7", $"exec {again}");
        for (var look = 0; look < 100; look++)
        {
            Assert.Single(Survivors.Find(Paths));
        }
    }

    [Theory]
    [InlineData("web.0")]
    [InlineData("web.0/seven")]
    [InlineData("no instance/7")]
    [InlineData("web.0/7/8")]
    public void Words_that_no_agent_writes_are_not_taken_for_ours(string token)
    {
        Start(token, "exec sleep 60");
        Assert.Empty(Survivors.Find(Paths));
    }

    [Fact]
    public async Task A_process_of_another_user_cannot_pass_for_ours_by_its_environment()
    {
        if (Libc.EffectiveUser() != 0)
        {
            return;
        }

        var elsewhere = Directory.CreateTempSubdirectory("zurg-elsewhere-");
        try
        {
            using var output = File.OpenHandle(Path.Combine(elsewhere.FullName, "output"), FileMode.Create, FileAccess.Write);
            var pretender = _bench.Start(Request("web.0/7", "exec sleep 60") with
            {
                User = "nobody", WorkingDirectory = "/", Output = (int)output.DangerousGetHandle(),
            });
            await ProcessBench.UntilAsync(() => ProcessStat.UserOf(pretender.Pid) > 0, "another user");
            Assert.Empty(Survivors.Find(Paths));
            _bench.Start(Request("web.0/7", "exec sleep 60") with { User = "nobody" });
            Assert.NotEmpty(Survivors.Find(Paths));
        }
        finally
        {
            elsewhere.Delete(recursive: true);
        }
    }

    private ProcessIdentity Start(string token, string script) => _bench.Start(Request(token, script));

    private SpawnRequest Request(string token, string script)
    {
        var request = _bench.Request("/bin/sh", "-c", script);
        return request with
        {
            Env = request.Env
                .SetItem(ProcessTree.TokenVariable, $"{Paths.Key}/{token}")
                .SetItem(LaunchBuilder.SpecEnv, Spec.Value)
                .SetItem("PORT_HTTP_ADMIN", "20001"),
        };
    }
}
