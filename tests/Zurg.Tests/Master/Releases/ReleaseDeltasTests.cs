using System.Text.Json;
using Zurg.Master.Releases;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Master.Releases;

public sealed class ReleaseDeltasTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TestDirectory _directory = new();
    private readonly ManualTime _time = new();
    private readonly List<Digest> _manifests = [];
    private ArtifactStore _artifacts = null!;

    private string[] Kept => [.. Directory.EnumerateFiles(_directory.In("deltas")).Select(Path.GetFileName).Order()!];

    public async Task InitializeAsync()
    {
        _artifacts = new ArtifactStore(_directory.In("artifacts"));
        for (var version = 0; version < 5; version++)
        {
            var bytes = new byte[10_000];
            new Random(version).NextBytes(bytes);
            var file = await KeepAsync(bytes);
            var manifest = new ReleaseManifest
            {
                Release = ReleaseId.Parse($"app@{version}"), Files = [new ReleaseFile("f", 0x1a4, bytes.Length, file)],
            };
            _manifests.Add(await KeepAsync(JsonSerializer.SerializeToUtf8Bytes(manifest, WireJson.Default.ReleaseManifest)));
        }
    }

    public Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task What_is_kept_stays_within_its_bound_and_the_least_used_goes_first()
    {
        await using var deltas = new ReleaseDeltas(_artifacts, _directory.In("deltas"), _time, keptBytesMax: 35_000);
        foreach (var version in (int[])[1, 2, 3])
        {
            var known = Kept;
            Assert.True(await LengthAsync(deltas, version) > 10_000);
            var made = Assert.Single(Kept.Except(known));
            File.SetLastAccessTimeUtc(_directory.In($"deltas/{made}"), _time.GetUtcNow().UtcDateTime);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(3, Kept.Length);
        var before = Kept;
        await LengthAsync(deltas, 1);
        await LengthAsync(deltas, 4);

        // The one to version 2 went: version 1 was asked for again since.
        Assert.Equal(3, Kept.Length);
        var gone = Assert.Single(before.Except(Kept));
        Assert.EndsWith(_manifests[2].Value[..32], gone, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_master_that_died_left_half_made_is_removed()
    {
        Directory.CreateDirectory(_directory.In("deltas"));
        File.WriteAllText(_directory.In("deltas/a-b.part"), "half");
        await using var deltas = new ReleaseDeltas(_artifacts, _directory.In("deltas"), _time);
        Assert.Empty(Kept);
    }

    [Fact]
    public async Task Of_a_release_that_is_not_here_there_is_none()
    {
        await using var deltas = new ReleaseDeltas(_artifacts, _directory.In("deltas"), _time);
        Assert.Null(await deltas.OpenAsync(Digest.Of("x"u8), _manifests[0], None));
        Assert.Null(await deltas.OpenAsync(_manifests[0], Digest.Of("x"u8), None));
        Assert.Empty(Kept);
    }

    private async Task<long> LengthAsync(ReleaseDeltas deltas, int version)
    {
        await using var delta = await deltas.OpenAsync(_manifests[0], _manifests[version], None);
        return delta!.Length;
    }

    private async Task<Digest> KeepAsync(byte[] bytes)
    {
        var digest = Digest.Of(bytes);
        Assert.IsType<ArtifactOutcome.Stored>(await _artifacts.PutAsync(digest, new MemoryStream(bytes), None));
        return digest;
    }
}
