using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;
using Zurg.Agent.Artifacts;
using Zurg.Protocol;
using Zurg.Tests.Master;

namespace Zurg.Tests.Agent.Artifacts;

/// <summary>An agent's store, and a real master behind a server that may break or lie.</summary>
public sealed class ReleaseSyncTests : IAsyncLifetime
{
    private static readonly ReleaseId One = ReleaseId.Parse("app@1");
    private static readonly ReleaseId Two = ReleaseId.Parse("app@2");
    private readonly TemporaryDirectory _directory = new();
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private TestMaster _master = null!;
    private LoopbackServer _between = null!;
    private ReleaseStore _store = null!;
    private long _bytes;
    private ImmutableList<string> _asked = [];

    /// <summary>May change what the master answers; null: nothing comes.</summary>
    private Func<string, byte[], byte[]?> _answer = (_, bytes) => bytes;

    /// <summary>Answers of deltas and artifacts break off after so many bytes.</summary>
    private int? _cutAfter;

    public async Task InitializeAsync()
    {
        _master = await TestMaster.StartAsync();
        _between = await LoopbackServer.StartAsync(PassAsync);
        _store = NewStore();
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _between.DisposeAsync();
        await _master.DisposeAsync();
        _http.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Of_changed_files_only_changed_blocks_travel_in_one_request()
    {
        var old = Files(40);
        await ReadyAsync(One, old);
        (_bytes, _asked) = (0, []);

        var fresh = old.ToDictionary(f => f.Key, f => Edited(f.Value, f.Key));
        var tree = await ReadyAsync(Two, fresh);

        AssertHas(tree, fresh);
        Assert.Single(_asked);
        Assert.InRange(_bytes, 40 * 1024, 40 * 1024 + 40 * 150);
    }

    [Fact]
    public async Task Of_a_large_file_only_the_changed_block_travels()
    {
        var old = new Dictionary<string, byte[]> { ["big"] = Bytes(5, 700_000) };
        await ReadyAsync(One, old);
        (_bytes, _asked) = (0, []);

        var fresh = new Dictionary<string, byte[]> { ["big"] = Edited(old["big"], "big") };
        AssertHas(await ReadyAsync(Two, fresh), fresh);

        Assert.Single(_asked);
        Assert.InRange(_bytes, 1024, 2000);
    }

    [Fact]
    public async Task Unchanged_files_are_linked_and_both_releases_stay_ready_without_hashing()
    {
        var old = Files(5);
        await ReadyAsync(One, old);
        var fresh = new Dictionary<string, byte[]>(old)
        {
            ["f0"] = Bytes(999, 70_000), ["new/f"] = Bytes(998, 10), ["new/same"] = old["f1"],
        };
        var tree = await ReadyAsync(Two, fresh);

        AssertHas(tree, fresh);
        Assert.Equal(Inode(Path.Combine(TreeOf(One), "f1")), Inode(Path.Combine(tree, "f1")));
        await Eventually.TrueAsync(
            () => ReleaseMark.Read(Mark(One))!.Stamps["f1"] == Disk.StampOf(Path.Combine(TreeOf(One), "f1")), "marked again");
        Assert.True(ReleaseMark.Read(Mark(Two))!.Stamps["f1"] == Disk.StampOf(Path.Combine(tree, "f1")));
    }

    [Fact]
    public async Task A_linked_file_edited_on_disk_runs_in_neither_release()
    {
        var old = Files(3);
        await ReadyAsync(One, old);
        var fresh = new Dictionary<string, byte[]>(old) { ["f0"] = Bytes(999, 70_000) };
        var tree = await ReadyAsync(Two, fresh);
        Edit(Path.Combine(tree, "f1"));

        AssertHas(await ReadyAsync(One, old), old);
        AssertHas(await ReadyAsync(Two, fresh), fresh);
    }

    [Theory]
    [InlineData("f0")] // changes in the new release: the delta copies from it
    [InlineData("f1")] // is the same in both: it would be linked
    public async Task An_old_release_edited_on_disk_does_not_poison_the_new_one(string edited)
    {
        var old = Files(3);
        await ReadyAsync(One, old);
        Edit(Path.Combine(TreeOf(One), edited));

        var fresh = new Dictionary<string, byte[]>(old) { ["f0"] = Edited(old["f0"], "f0") };
        AssertHas(await ReadyAsync(Two, fresh), fresh);
    }

    [Fact]
    public async Task A_delta_that_lies_is_caught_and_whole_files_are_fetched()
    {
        var old = Files(3);
        await ReadyAsync(One, old);
        var random = new Random(1);
        foreach (var (version, lie) in new Func<byte[], byte[]?>[]
        {
            bytes => [], bytes => [1, 2, 3], bytes => bytes[..(bytes.Length / 2)], bytes => RandomNumberGenerator.GetBytes(5000),
            bytes =>
            {
                var flipped = (byte[])bytes.Clone();
                flipped[^(1 + random.Next(2000))] ^= 1;
                return flipped;
            },
        }.Index())
        {
            _answer = (path, bytes) => path.Contains("/delta", StringComparison.Ordinal) ? lie(bytes) : bytes;
            var fresh = old.ToDictionary(f => f.Key, f => Edited(f.Value, f.Key + version));
            AssertHas(await ReadyAsync(ReleaseId.Parse($"app@2.{version}"), fresh), fresh);
        }
    }

    [Fact]
    public async Task A_delta_of_another_release_is_refused()
    {
        var old = Files(2);
        await ReadyAsync(One, old);
        var other = old.ToDictionary(f => f.Key, f => Edited(f.Value, "other"));
        await PushAsync(ReleaseId.Parse("app@evil"), other);
        _answer = (path, bytes) => path.Contains("/delta", StringComparison.Ordinal)
            ? _master.Http.GetByteArrayAsync(path.Replace("/2/", "/evil/", StringComparison.Ordinal)).Result
            : bytes;

        var fresh = old.ToDictionary(f => f.Key, f => Edited(f.Value, f.Key));
        AssertHas(await ReadyAsync(Two, fresh), fresh);
    }

    [Fact]
    public async Task A_broken_delta_goes_on_where_it_broke()
    {
        var old = Files(10);
        await ReadyAsync(One, old);
        var fresh = new Dictionary<string, byte[]>(old) { ["big"] = Bytes(77, 900_000) };
        await ResumesAsync(Two, fresh, 900_000);
    }

    [Fact]
    public async Task A_broken_transfer_of_a_big_file_goes_on_where_it_broke() =>
        await ResumesAsync(One, new() { ["big"] = Bytes(77, 900_000) }, 900_000);

    [Fact]
    public async Task A_restarted_agent_goes_on_where_a_transfer_broke()
    {
        var files = new Dictionary<string, byte[]> { ["big"] = Bytes(77, 900_000) };
        var demand = new ReleaseDemand(One, await PushAsync(One, files));
        (_bytes, _cutAfter) = (0, 400_000);
        Assert.IsType<ReleaseOutcome.Held>(await _store.EnsureAsync(demand, default));
        await _store.DisposeAsync();
        _cutAfter = null;

        _store = NewStore();
        Assert.IsType<ReleaseOutcome.Ready>(await _store.EnsureAsync(demand, default));

        AssertHas(TreeOf(One), files);
        Assert.InRange(_bytes, 900_000, 920_000);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_directory["agent"], "releases", ".staging")));
    }

    [Fact]
    public async Task What_an_interrupted_attempt_left_is_not_trusted()
    {
        var files = new Dictionary<string, byte[]> { ["big"] = Bytes(77, 900_000) };
        var manifest = await PushAsync(One, files);
        _cutAfter = 300_000;
        Assert.IsType<ReleaseOutcome.Held>(await _store.EnsureAsync(new ReleaseDemand(One, manifest), default));
        var part = Path.Combine(_directory["agent"], "releases", ".staging", $"{One}-{manifest.Short}", "parts", "0");
        Assert.True(new FileInfo(part).Length > 0);
        Edit(part);
        _cutAfter = null;

        AssertHas(await ReadyAsync(One, files), files);
    }

    private ReleaseStore NewStore() => new(
            new ReleaseShelf(
                new ReleasePaths(_directory["agent"]), [], TimeProvider.System, NullLogger<ReleaseShelf>.Instance),
            new ArtifactSource(_http, _between.Url, _master.Host.TokenFile, TimeProvider.System),
            FakeReleases.Nobody, TimeProvider.System,
            NullLogger<ReleaseStore>.Instance);

    private async Task ResumesAsync(ReleaseId release, Dictionary<string, byte[]> files, long size)
    {
        var manifest = await PushAsync(release, files);
        (_bytes, _cutAfter) = (0, 200_000);
        var demand = new ReleaseDemand(release, manifest);
        for (var attempt = 0; await _store.EnsureAsync(demand, default) is ReleaseOutcome.Held held; attempt++)
        {
            Assert.Equal(HoldReason.ReleaseUnavailable, held.Hold.Reason);
            Assert.True(attempt < 20, held.Hold.Text);
        }

        AssertHas(TreeOf(release), files);
        Assert.InRange(_bytes, size, size + 20_000);
    }

    private async Task PassAsync(HttpContext http)
    {
        var path = http.Request.Path + http.Request.QueryString;
        ImmutableInterlocked.Update(ref _asked, asked => asked.Add(path));
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Range = http.Request.Headers.Range.Count > 0 ? RangeHeaderValue.Parse(http.Request.Headers.Range!) : null;
        using var answer = await _master.Http.SendAsync(request);
        var bytes = _answer(path, await answer.Content.ReadAsByteArrayAsync()) ?? [];
        http.Response.StatusCode = (int)answer.StatusCode;
        http.Response.Headers.ContentRange = answer.Content.Headers.ContentRange?.ToString();
        http.Response.ContentLength = bytes.Length;
        var whole = path.Contains("/manifest", StringComparison.Ordinal);
        var sent = whole ? bytes.Length : Math.Min(bytes.Length, _cutAfter ?? bytes.Length);
        Interlocked.Add(ref _bytes, sent);
        await http.Response.Body.WriteAsync(bytes.AsMemory(0, sent));
        if (sent < bytes.Length)
        {
            // What is still under way when a connection breaks is lost: here, the agent has written it.
            await http.Response.Body.FlushAsync();
            var start = request.Headers.Range?.Ranges.First().From ?? 0;
            await Eventually.TrueAsync(() => Staged() >= start + sent - 4096, "written");
            http.Abort();
        }
    }

    /// <summary>The length of the longest part or delta.</summary>
    private long Staged() =>
        new DirectoryInfo(Path.Combine(_directory["agent"], "releases", ".staging"))
            .EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(f => f.Length).DefaultIfEmpty().Max();

    private async Task<string> ReadyAsync(ReleaseId release, Dictionary<string, byte[]> files)
    {
        var outcome = await _store.EnsureAsync(new ReleaseDemand(release, await PushAsync(release, files)), default);
        return Assert.IsType<ReleaseOutcome.Ready>(outcome).Directory;
    }

    private async Task<Digest> PushAsync(ReleaseId release, Dictionary<string, byte[]> files)
    {
        foreach (var bytes in files.Values)
        {
            var put = await _master.Http.PutAsync($"/v1/artifacts/{Digest.Of(bytes)}", new ByteArrayContent(bytes));
            put.EnsureSuccessStatusCode();
        }

        var manifest = new ReleaseManifest
        {
            Release = release,
            Files =
            [
                .. files.OrderBy(f => f.Key, StringComparer.Ordinal)
                    .Select(f => new ReleaseFile(f.Key, 0x1a4, f.Value.Length, Digest.Of(f.Value))),
            ],
        };
        var path = $"/v1/releases/{release.Name}/{release.Version}";
        var answer = await _master.PutAsync(path, new ReleasePush(manifest), WireJson.Default.ReleasePush);
        return (await TestMaster.ReadAsync(answer, WireJson.Default.ReleasePushAnswer)).Release!.Manifest;
    }

    private string TreeOf(ReleaseId release) =>
        Path.Combine(_directory["agent"], "releases", release.Name.Value, release.Version.Value);

    private string Mark(ReleaseId release) => Path.Combine(_directory["agent"], "releases", ".marks", release.Value);

    private static void AssertHas(string tree, Dictionary<string, byte[]> files)
    {
        foreach (var (path, bytes) in files)
        {
            Assert.True(File.ReadAllBytes(Path.Combine(tree, path)).AsSpan().SequenceEqual(bytes), path);
        }

        Assert.Equal(files.Count, Directory.EnumerateFiles(tree, "*", SearchOption.AllDirectories).Count());
    }

    private static string Inode(string path) => Disk.StampOf(path)!.Split(' ')[0];

    private static void Edit(string path)
    {
        var written = File.GetLastWriteTimeUtc(path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = 20;
            file.WriteByte((byte)(file.ReadByte() ^ 1));
        }

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.SetLastWriteTimeUtc(path, written);
    }

    private static Dictionary<string, byte[]> Files(int count) =>
        Enumerable.Range(0, count).ToDictionary(i => $"f{i}", i => Bytes(i, 100_000));

    private static byte[] Edited(byte[] bytes, string with)
    {
        var edited = (byte[])bytes.Clone();
        Bytes(with.Aggregate(17, (h, c) => h * 31 + c), 1024).CopyTo(edited, 40_000);
        return edited;
    }

    private static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
