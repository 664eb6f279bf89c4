using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>From a crash to a core dump that lies beside the program that made it.</summary>
public sealed class CoreTests(DevFixture dev) : IClassFixture<DevFixture>
{
    private const string CorePattern = "/proc/sys/kernel/core_pattern";

    [CoreFact]
    public async Task A_crash_leaves_a_dump_that_can_be_had_with_its_program()
    {
        // A program of its own: a copy of one that the kernel runs without an interpreter.
        dev.Write("crash/note", "of release 1\n", executable: false);
        File.Copy("/bin/sleep", Path.Combine(dev.Directory, "crash/sleep"));
        await dev.ZurgAsync("release", "push", "crash", "1.0.0", "crash");
        await dev.ApplyAsync(
            "  crash: { release: 1.0.0, run: sleep, args: ['1000'], instances: 1, limits: { core: unlimited } }\n");
        var instance = (await dev.StatusAsync()).Services.Single(s => s.Service.Value == "crash").Instances.Single();
        System.Diagnostics.Process.Start("kill", ["-SEGV", $"{instance.Status!.Pid}"])!.WaitForExit();
        CoreList? list = null;
        await DevFixture.Until("the dump is kept", TimeSpan.FromSeconds(60), async () =>
        {
            list = System.Text.Json.JsonSerializer.Deserialize(
                (await dev.ZurgAsync("cores", "list", "crash", "--json")).Output, WireJson.Default.CoreList);
            return list is { Cores.Length: 1, Silent.IsEmpty: true };
        });
        var core = list!.Cores[0];
        Assert.Equal((instance.Status.Pid!.Value, 11, "crash@1.0.0"), (core.Pid, core.Signal, core.Release.Value));
        var history = await dev.ZurgAsync("history", "crash");
        Assert.Contains($"zurg cores get {core.Id}", history.Output, StringComparison.Ordinal);

        await dev.ZurgAsync("cores", "get", core.Id, "--to", "brought");
        var brought = Path.Combine(dev.Directory, "brought");
        Assert.Equal(core.Size, new FileInfo(Path.Combine(brought, "core")).Length);
        Assert.True(File.ReadAllBytes(Path.Combine(brought, "core")).AsSpan().StartsWith("\u007fELF"u8));
        Assert.Equal(File.ReadAllBytes("/bin/sleep"), File.ReadAllBytes(Path.Combine(brought, "release/sleep")));
        Assert.Equal("of release 1\n", File.ReadAllText(Path.Combine(brought, "release/note")));
    }

    /// <summary>Where the kernel pipes dumps to a program, no test of ours may change that for the whole machine.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class CoreFactAttribute : FactAttribute
    {
        public CoreFactAttribute() =>
            Skip = File.ReadAllText(CorePattern).StartsWith('|') ? $"{CorePattern} gives core dumps to a program" : null;
    }
}
