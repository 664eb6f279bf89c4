using System.Diagnostics;

namespace Zurg.E2E;

/// <summary>How clusters end and start again.</summary>
public sealed class LifeTests
{
    [NeedsFact("python3")]
    public async Task Ctrl_C_leaves_no_process_and_the_next_start_goes_on()
    {
        var dev = new DevFixture();
        try
        {
            await dev.InitializeAsync();
            await dev.ApplyAsync(
                "  sleeper:\n    release: broken@1.0.0\n    run: /bin/sleep\n    args: ['1000']\n    instances: 2\n");
            Assert.Equal(2, dev.Instances().Count);
            Assert.Equal(0, await dev.InterruptAsync());
            Assert.Empty(dev.Instances());
            Assert.Contains("stopped", dev.Said, StringComparison.Ordinal);
            var gone = await dev.TryZurgAsync("status");
            Assert.Equal(1, gone.ExitCode);
            Assert.Contains("zurg dev", gone.Errors, StringComparison.Ordinal);

            await dev.StartAsync();
            await DevFixture.Until(
                "the instances are back", TimeSpan.FromSeconds(60), () => Task.FromResult(dev.Instances().Count == 2));
        }
        finally
        {
            await dev.DisposeAsync();
        }

        Assert.Empty(dev.Instances());
    }

    [NeedsFact("python3")]
    public async Task The_demo_passes_its_check()
    {
        var directory = Directory.CreateTempSubdirectory("zurg-demo-").FullName;
        try
        {
            var ran = await ZurgProgram.RunAsync(
                directory, "demo", "--check", "--fresh", "--dir", Path.Combine(directory, "state"), "--web-port", FreePort());
            Assert.True(ran.ExitCode == 0, ran.ToString());
            Assert.Matches(
                @"^demo ok: \d{3,} requests answered, 0 failed, .*[1-9]\d* restarts, a rollout .*, a drain ",
                ran.Output.TrimEnd().Split('\n')[^1]);
        }
        finally
        {
            using var open = Process.Start("chmod", ["-R", "u+rwX", directory]);
            await open.WaitForExitAsync();
            Directory.Delete(directory, recursive: true);
        }
    }

    // The web front's port is a fixed one in the example; the kernel's pick keeps two runs on one machine apart.
    private static string FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
