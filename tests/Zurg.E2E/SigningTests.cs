using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>From a key to a release that runs because of it, on hosts that bring it to one another.</summary>
public sealed class SigningTests
{
    private const int BigBytes = 4 << 20;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [NeedsFact("sleep")]
    public async Task Only_a_signed_release_runs_and_a_neighbour_brings_it_to_the_next_host()
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartMasterAsync();
        await using var first = new SlowRelay(cluster.MasterPort);
        await using var second = new SlowRelay(cluster.MasterPort);
        cluster.AgentMasterPort = first.Port;
        cluster.StartSharingAgent();
        cluster.StartNeighbour("host2", second.Port);

        var ours = await KeyAsync(cluster, "ci.pem");
        await KeyAsync(cluster, "other.pem");
        var big = Release(cluster);
        Done(await cluster.ZurgAsync("release", "push", "web", "1.0.0", "web"));
        await File.WriteAllTextAsync(cluster.Shared("cluster.yaml"), Yaml(cluster, ours, "host1"));
        var refused = await cluster.ZurgAsync("apply");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("web@1.0.0 is not signed", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("zurg release sign web 1.0.0 --key FILE", refused.Errors, StringComparison.Ordinal);

        // Somebody's signature is not the signature of one of the keys.
        Done(await cluster.ZurgAsync("release", "sign", "web", "1.0.0", "--key", "other.pem"));
        refused = await cluster.ZurgAsync("apply");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("web@1.0.0", refused.Errors, StringComparison.Ordinal);
        Assert.Empty(cluster.Marked());

        Done(await cluster.ZurgAsync("release", "sign", "web", "1.0.0", "--key", "ci.pem"));
        Done(await cluster.ZurgAsync("apply", "--wait", "--timeout", "1m"));
        Assert.Single(cluster.Marked());
        Assert.InRange(first.Bytes, BigBytes, 2 * BigBytes);

        await File.WriteAllTextAsync(cluster.Shared("cluster.yaml"), Yaml(cluster, ours, "host1, host2"));
        Done(await cluster.ZurgAsync("apply", "--wait", "--timeout", "1m"));
        Assert.Equal(2, cluster.Marked().Count);
        Assert.Equal(big, Digest.Of(File.ReadAllBytes(Path.Combine(cluster.DirectoryOf("host2"), "releases/web/1.0.0/big"))));
        Assert.True(second.Bytes < BigBytes / 4, $"the master sent {second.Bytes} bytes to the second host");
    }

    /// <summary>Fails with everything that was said, and otherwise gives it back.</summary>
    private static Ran Done(Ran ran)
    {
        Assert.True(ran.ExitCode == 0, ran.ToString());
        return ran;
    }

    private static async Task<string> KeyAsync(ProcessCluster cluster, string file)
    {
        var made = Done(await ZurgProgram.RunAsync(
            cluster.Shared(""), "release", "keygen", file, "--json"));
        using var json = JsonDocument.Parse(made.Output);
        return json.RootElement.GetProperty("key").GetString()!;
    }

    /// <summary>The digest of what is large in it.</summary>
    private static Digest Release(ProcessCluster cluster)
    {
        var directory = Directory.CreateDirectory(cluster.Shared("web")).FullName;
        var run = Path.Combine(directory, "run");
        File.WriteAllText(run, "#!/bin/sh\nexec sleep 10000\n");
        File.SetUnixFileMode(run, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var bytes = new byte[BigBytes];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(Path.Combine(directory, "big"), bytes);
        return Digest.Of(bytes);
    }

    private static string Yaml(ProcessCluster cluster, string key, string hosts) => $$"""
        cluster: e2e
        keys: { ci: {{key}} }
        services:
          web: { release: 1.0.0, run: run, hosts: [{{hosts}}], env: { E2E_MARK: {{cluster.Mark}} } }

        """;
}
