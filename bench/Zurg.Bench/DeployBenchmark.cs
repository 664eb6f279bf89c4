using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;
using Zurg.Agent.Artifacts;
using Zurg.Cli.Client;
using Zurg.Master;
using Zurg.Protocol;

namespace Zurg.Bench;

/// <summary>
/// A host that has one release of 1,000 files and 100 MB gets the next one, from a real master over loopback, until it is
/// verified and ready to run. The peer is rsync, which makes a copy of the old tree the new one in its place, from a daemon.
/// Each round starts from a fresh host, and the master has not yet compared the two releases. Bytes are counted in a round of
/// their own.
/// </summary>
internal static class DeployBenchmark
{
    public static readonly Benchmark Entry =
        new("deploy", "the next release of 1,000 files to a host with the last one, against Debian's rsync (60 s)", RunAsync);

    private const int Files = 1000;
    private const int FileBytes = 100 * 1024;
    private const int ReplacedEvery = 100;
    private const int EditBytes = 1024;
    private const double BytesGoal = 1 / 1.05;
    private const string Base = "base";

    /// <summary>By name: what the release is.</summary>
    private static readonly string[] Shapes = ["replaced", "edited"];

    private static async Task<BenchmarkLine> RunAsync(BenchmarkOptions options, CancellationToken stop)
    {
        var work = BenchmarkDirectory.Fresh(options.Directory);
        var trees = Directory.CreateDirectory(Path.Combine(work, "trees")).FullName;
        Array.ForEach([Base, .. Shapes], shape => Make(Path.Combine(trees, shape), shape));
        var mastering = new MasterOptions { Directory = Path.Combine(work, "master") };
        await using var master = await MasterHost.StartAsync(mastering, stop);
        var manifests = await PushAsync(master, trees, stop);
        await using var rsync = await RsyncServer.StartAsync(trees, Path.Combine(work, "rsyncd"), stop);
        var bench = new Deploying(master, rsync, work, trees, manifests);
        var figures = new List<(string, string)>();
        var (ratio, bytesRatio) = (double.MaxValue, double.MaxValue);
        foreach (var shape in Shapes)
        {
            var (ours, theirs) = (new List<double>(), new List<double>());
            var ourBytes = await bench.OursAsync(shape, count: true, stop);
            var theirBytes = await bench.TheirsAsync(shape, count: true, stop);
            for (var round = 1; round <= options.Rounds; round++)
            {
                ours.Add(await bench.OursAsync(shape, count: false, stop));
                theirs.Add(await bench.TheirsAsync(shape, count: false, stop));
                Console.WriteLine($"{shape} {round} of {options.Rounds}:  ours {ours[^1]:0} ms    rsync {theirs[^1]:0} ms");
            }

            var (our, their) = (ours.Order().ElementAt(ours.Count / 2), theirs.Order().ElementAt(theirs.Count / 2));
            (ratio, bytesRatio) = (Math.Min(ratio, their / our), Math.Min(bytesRatio, theirBytes / ourBytes));
            figures.AddRange(
            [
                ($"{shape}_ms", Show(our)), ($"{shape}_rsync_ms", Show(their)),
                ($"{shape}_ratio", (their / our).ToString("0.00", CultureInfo.InvariantCulture)),
                ($"{shape}_bytes", Show(ourBytes)), ($"{shape}_rsync_bytes", Show(theirBytes)),
            ]);
        }

        figures.Add(("bytes_ratio", (Math.Floor(bytesRatio * 100) / 100).ToString("0.00", CultureInfo.InvariantCulture)));
        var met = ratio >= 1 && bytesRatio >= BytesGoal;
        return new BenchmarkLine(Entry.Name, [.. figures], "rsync", ratio, "1,bytes_ratio>=0.95", met);
    }

    /// <summary>Bytes that cannot be compressed; the same on every run.</summary>
    private static void Make(string directory, string shape)
    {
        foreach (var i in Enumerable.Range(0, Files))
        {
            var path = Path.Combine(directory, $"d{i / 100}", $"file{i}");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var (random, other) = (new Random(i), new Random(i + Files));
            var bytes = new byte[FileBytes];
            random.NextBytes(bytes);
            if (shape == Shapes[0] && i % ReplacedEvery == 0)
            {
                other.NextBytes(bytes);
            }
            else if (shape == Shapes[1])
            {
                other.NextBytes(bytes.AsSpan(other.Next(FileBytes - EditBytes), EditBytes));
            }

            File.WriteAllBytes(path, bytes);

            // rsync passes over files of the same size and time: only those that changed have another.
            var changed = shape == Shapes[1] || (shape == Shapes[0] && i % ReplacedEvery == 0);
            File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddDays(changed ? 2 : 1));
        }
    }

    private static async Task<Dictionary<string, Digest>> PushAsync(MasterHost master, string trees, CancellationToken stop)
    {
        using var client = new MasterClient(new ClusterAddress(master.Url, master.TokenFile, Directory: null), handler: null);
        var manifests = new Dictionary<string, Digest>();
        foreach (var shape in (string[])[Base, .. Shapes])
        {
            var root = Path.Combine(trees, shape);
            var files = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Select(f => (Path: Path.GetRelativePath(root, f), Full: f, Digest: Digest.Of(File.ReadAllBytes(f))))
                .OrderBy(f => f.Path, StringComparer.Ordinal).ToList();
            var manifest = new ReleaseManifest
            {
                Release = ReleaseId.Parse($"deploy@{shape}"),
                Files = [.. files.Select(f => new ReleaseFile(f.Path, Mode: 0b110_100_100, FileBytes, f.Digest))],
            };
            var missing = (await client.PushAsync(manifest, "bench", stop)).Missing.ToHashSet();
            foreach (var file in files.Where(f => missing.Contains(f.Digest)))
            {
                await using var bytes = File.OpenRead(file.Full);
                await client.UploadAsync(file.Digest, bytes, stop);
            }

            manifests[shape] = (await client.PushAsync(manifest, "bench", stop)).Release!.Manifest;
        }

        return manifests;
    }

    private static string Show(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private sealed class Deploying(
        MasterHost master, RsyncServer rsync, string work, string trees, Dictionary<string, Digest> manifests)
    {
        private int _hosts;

        /// <returns>Bytes on the wire, or milliseconds.</returns>
        public async Task<double> OursAsync(string shape, bool count, CancellationToken stop)
        {
            await using var relay = count ? new CountingRelay(master.Url.Port) : null;
            using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
            using var counting = relay is null ? null : new HttpMessageInvoker(Through(relay.Port));
            var host = NextHost();
            await using var store = Store(host, http);
            Demand(await store.EnsureAsync(new ReleaseDemand(ReleaseId.Parse($"deploy@{Base}"), manifests[Base]), stop));
            await using var counted = Store(host, counting ?? http);
            Forget();
            Disk.SyncFileSystem(work);
            var began = Stopwatch.GetTimestamp();
            var demand = new ReleaseDemand(ReleaseId.Parse($"deploy@{shape}"), manifests[shape]);
            var tree = Demand(await counted.EnsureAsync(demand, stop));
            var took = Stopwatch.GetElapsedTime(began);
            Compare(tree, Path.Combine(trees, shape));
            return relay?.Bytes ?? took.TotalMilliseconds;
        }

        public async Task<double> TheirsAsync(string shape, bool count, CancellationToken stop)
        {
            await using var relay = count ? new CountingRelay(rsync.Port) : null;
            var tree = Path.Combine(NextHost(), "tree");
            await rsync.PullAsync(rsync.Port, Base, Directory.CreateDirectory(tree).FullName, stop);
            Disk.SyncFileSystem(work);
            var took = await rsync.PullAsync(relay?.Port ?? rsync.Port, shape, tree, stop);
            Compare(tree, Path.Combine(trees, shape));
            return relay?.Bytes ?? took.TotalMilliseconds;
        }

        /// <summary>The master takes no request that names another port than its own.</summary>
        private static SocketsHttpHandler Through(int port) => new()
        {
            UseProxy = false,
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };

        private ReleaseStore Store(string host, HttpMessageInvoker http) => new(
            new ReleaseShelf(new ReleasePaths(host), [], TimeProvider.System, NullLogger<ReleaseShelf>.Instance),
            new ArtifactSource(http, master.Url, master.TokenFile, TimeProvider.System),
            (_, _) => ValueTask.CompletedTask, TimeProvider.System, NullLogger<ReleaseStore>.Instance);

        private string NextHost()
        {
            BenchmarkDirectory.Fresh(Path.Combine(work, "hosts"));
            return Directory.CreateDirectory(Path.Combine(work, "hosts", $"h{++_hosts}")).FullName;
        }

        /// <summary>The master compares the releases anew, as for the first host of a rollout.</summary>
        private void Forget()
        {
            foreach (var kept in Directory.EnumerateFiles(Path.Combine(work, "master", "deltas")))
            {
                File.Delete(kept);
            }
        }

        private static string Demand(ReleaseOutcome outcome) => outcome switch
        {
            ReleaseOutcome.Ready ready => ready.Directory,
            ReleaseOutcome.Held held => throw new InvalidOperationException(held.Hold.Text),
            _ => throw new UnreachableException(),
        };

        private static byte[] Bytes(string tree, string path) => File.ReadAllBytes(Path.Combine(tree, path));

        private static void Compare(string tree, string expected)
        {
            var paths = Directory.EnumerateFiles(expected, "*", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(expected, f)).ToList();
            if (paths.Count != Directory.EnumerateFiles(tree, "*", SearchOption.AllDirectories).Count()
                || paths.Any(p => !Bytes(tree, p).AsSpan().SequenceEqual(Bytes(expected, p))))
            {
                throw new InvalidOperationException($"{tree} is not what {expected} is");
            }
        }
    }
}
