using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Loops;
using Zurg.Master.Store;

namespace Zurg.Bench;

/// <summary>Durable commits a second: the embedded store against a single etcd on the same disk.</summary>
internal static class StoreBenchmark
{
    public static readonly Benchmark Entry =
        new("store", "durable commits/s and p99 at 1, 16 and 256 writers, against Debian's etcd-server (about 90 s)", RunAsync);

    private const int ValueBytes = 256;
    private const int KeysPerWriter = 64;
    private const double Goal = 2;

    private static readonly int[] Writers = [1, 16, 256];
    private static readonly int[] PeerConnections = [1, 4, 16];

    private static async Task<BenchmarkLine> RunAsync(BenchmarkOptions options, CancellationToken stop)
    {
        var etcd = await DebianPackage.EnsureAsync("etcd-server", "usr/bin/etcd", stop);
        if (Directory.Exists(options.Directory))
        {
            Directory.Delete(options.Directory, recursive: true);
        }

        var directory = Directory.CreateDirectory(options.Directory).FullName;
        Console.WriteLine($"data in {directory}; ours is called in process, etcd over loopback: that is how each is used");
        await using var store = SqliteStateStore.Open(
            new SqliteStoreOptions(Path.Combine(directory, "ours")), NullLogger.Instance);
        await using var server = await EtcdServer.StartAsync(etcd, Path.Combine(directory, "etcd"), stop);
        var peer = new Peer(server, options, stop);
        var ours = new Ours(store, options, stop);
        var comparisons = new List<Comparison>();
        foreach (var writers in Writers)
        {
            comparisons.Add(await CompareAsync(writers, ours, peer, options.Rounds));
        }

        return ToLine(comparisons);
    }

    private static async Task<Comparison> CompareAsync(int writers, Ours ours, Peer peer, int rounds)
    {
        await ours.MeasureAsync(writers);
        var connections = await peer.ChooseConnectionsAsync(writers);
        using var puts = peer.Connect(connections);
        var (our, their) = (new List<LoadResult>(), new List<LoadResult>());
        for (var round = 1; round <= rounds; round++)
        {
            our.Add(await ours.MeasureAsync(writers));
            their.Add(await peer.MeasureAsync(puts, writers));
            Console.WriteLine($"{writers,3} writers, round {round} of {rounds}:  ours {our[^1]}    etcd {their[^1]}");
        }

        return new Comparison(writers, LoadResult.Median(our), LoadResult.Median(their));
    }

    private static BenchmarkLine ToLine(List<Comparison> comparisons)
    {
        var figures = comparisons.SelectMany(c => new[]
        {
            ($"w{c.Writers}", Number(c.Ours.PerSecond, "0")), ($"w{c.Writers}_p99_ms", Number(c.Ours.P99, "0.00")),
            ($"etcd_w{c.Writers}", Number(c.Etcd.PerSecond, "0")), ($"etcd_w{c.Writers}_p99_ms", Number(c.Etcd.P99, "0.00")),
        });
        return new BenchmarkLine(
            Entry.Name, [.. figures], "etcd", comparisons.Min(c => c.Ours.PerSecond / c.Etcd.PerSecond), Goal);
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Key(int writer, long count) => $"bench/{writer}/{count % KeysPerWriter}";

    private sealed record Comparison(int Writers, LoadResult Ours, LoadResult Etcd);

    private sealed class Ours(SqliteStateStore store, BenchmarkOptions options, CancellationToken stop)
    {
        private readonly ReadOnlyMemory<byte> _value = new byte[ValueBytes];

        public Task<LoadResult> MeasureAsync(int writers) => Load.RunAsync(writers, options.RoundTime, CommitAsync, stop);

        private async Task CommitAsync(int writer, long count, CancellationToken stop)
        {
            var outcome = await store.CommitAsync(new StoreCommit([], [new StoreWrite(Key(writer, count), _value)]), stop);
            if (outcome is not CommitOutcome.Committed)
            {
                throw new InvalidOperationException("a commit without expectations was refused");
            }
        }
    }

    private sealed class Peer(EtcdServer server, BenchmarkOptions options, CancellationToken stop)
    {
        private readonly ReadOnlyMemory<byte> _value = new byte[ValueBytes];

        public EtcdPuts Connect(int connections) => new(server.Address, connections);

        public Task<LoadResult> MeasureAsync(EtcdPuts puts, int writers) =>
            Load.RunAsync(
                writers, options.RoundTime, (writer, count, ct) => puts.PutAsync(writer, Key(writer, count), _value, ct), stop);

        /// <summary>The number of connections with which etcd is fastest here; warms it up as well.</summary>
        public async Task<int> ChooseConnectionsAsync(int writers)
        {
            var tried = new List<(int Connections, double PerSecond)>();
            foreach (var connections in PeerConnections.Where(c => c <= writers))
            {
                using var puts = Connect(connections);
                tried.Add((connections, (await MeasureAsync(puts, writers)).PerSecond));
            }

            Console.WriteLine(
                $"{writers,3} writers, etcd over " + string.Join(", ", tried.Select(t => $"{t.Connections}: {t.PerSecond:0}/s")));
            return tried.MaxBy(t => t.PerSecond).Connections;
        }
    }
}
