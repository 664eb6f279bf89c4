using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Api;

public sealed class ReleaseTests(MasterFixture fixture) : IClassFixture<MasterFixture>
{
    private TestMaster Master => fixture.Master;

    [Fact]
    public async Task A_release_is_pushed_by_manifest_then_artifacts_then_manifest()
    {
        var bytes = "content of a"u8.ToArray();
        var manifest = Manifest("push@1", bytes);

        var missing = await TestMaster.ReadAsync(await PushAsync(manifest), WireJson.Default.ReleasePushAnswer);
        Assert.Null(missing.Release);
        Assert.Equal(Digest.Of(bytes), Assert.Single(missing.Missing));
        await TestMaster.ProblemAsync(await Master.Http.GetAsync("/v1/releases/push/1"), 404);

        Assert.Equal(HttpStatusCode.NoContent, (await UploadAsync(Digest.Of(bytes), bytes)).StatusCode);
        var second = await PushAsync(manifest);
        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        var record = (await TestMaster.ReadAsync(second, WireJson.Default.ReleasePushAnswer)).Release!;
        Assert.Equal((1, bytes.LongLength, "unknown"), (record.Files, record.Bytes, record.Author));

        var raw = await Master.Http.GetByteArrayAsync("/v1/releases/push/1/manifest");
        Assert.Equal(record.Manifest, Digest.Of(raw));
        Assert.Equal(manifest.Files[0], JsonSerializer.Deserialize(raw, WireJson.Default.ReleaseManifest)!.Files[0]);
    }

    [Fact]
    public async Task The_same_bytes_again_are_fine_and_other_bytes_are_not()
    {
        var record = await Master.PushAsync("again@1", "one");

        var same = await PushAsync(Manifest("again@1", "one"u8.ToArray(), path: "run", mode: 0b111_101_101));
        Assert.Equal(HttpStatusCode.OK, same.StatusCode);
        Assert.Equal(record, (await TestMaster.ReadAsync(same, WireJson.Default.ReleasePushAnswer)).Release);

        var other = await TestMaster.ProblemAsync(await PushAsync(Manifest("again@1", "two"u8.ToArray(), path: "run")), 409);
        Assert.Contains("never replaced", other.Detail, StringComparison.Ordinal);
        Assert.Equal(record, await Master.GetAsync("/v1/releases/again/1", WireJson.Default.ReleaseRecord));
    }

    [Fact]
    public async Task Where_nobody_shares_a_host_has_no_neighbours() =>
        Assert.Empty(await Master.GetAsync("/v1/releases/any/1/neighbours?host=h", WireJson.Default.ImmutableArrayNeighbour));

    [Fact]
    public async Task Many_pushers_of_one_release_agree()
    {
        await UploadAsync(Digest.Of("x"u8), "x"u8.ToArray());
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PushAsync(Manifest("race@1", "x"u8.ToArray()))));
        Assert.All(answers, a => Assert.True(a.IsSuccessStatusCode));
        Assert.NotNull(await Master.GetAsync("/v1/releases/race/1", WireJson.Default.ReleaseRecord));
    }

    [Theory]
    [InlineData("../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    public async Task A_hostile_manifest_is_refused_and_says_which_file(string path)
    {
        var refused = await TestMaster.ProblemAsync(await PushAsync(Manifest("hostile@1", "x"u8.ToArray(), path)), 400);
        Assert.Equal("files[0]", Assert.Single(refused.Problems).Path);
        await TestMaster.ProblemAsync(await Master.Http.GetAsync("/v1/releases/hostile/1"), 404);
    }

    [Fact]
    public async Task A_manifest_that_lies_about_a_size_or_its_name_is_refused()
    {
        var bytes = "sized"u8.ToArray();
        await UploadAsync(Digest.Of(bytes), bytes);
        var honest = Manifest("lies@1", bytes);
        await TestMaster.ProblemAsync(await PushAsync(honest with { Files = [honest.Files[0] with { Size = 4 }] }), 400);
        await TestMaster.ProblemAsync(
            await Master.PutAsync("/v1/releases/other/1", new ReleasePush(honest), WireJson.Default.ReleasePush), 400);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[[[[")]
    [InlineData("{\"manifest\":{\"release\":\"x\",\"files\":[]}}")]
    [InlineData("""{"manifest":{"release":"broken@1","files":[{"path":"a","mode":1,"size":1,"digest":"xyz"}]}}""")]
    public async Task A_broken_manifest_is_refused(string json) => await TestMaster.ProblemAsync(
        await Master.Http.PutAsync("/v1/releases/broken/1", new StringContent(json, Encoding.UTF8, "application/json")), 400);

    [Fact]
    public async Task Bytes_under_another_digest_are_refused()
    {
        var refused = await TestMaster.ProblemAsync(await UploadAsync(Digest.Of("a"u8), "b"u8.ToArray()), 400);
        Assert.Contains(Digest.Of("b"u8).Value, refused.Detail, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(await Master.Http.GetAsync($"/v1/artifacts/{Digest.Of("a"u8)}"), 404);
        await TestMaster.ProblemAsync(await Master.Http.PutAsync("/v1/artifacts/..%2f..%2fetc", new ByteArrayContent([1])), 400);
    }

    [Fact]
    public async Task An_artifact_comes_back_whole_or_in_ranges()
    {
        var bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);
        var digest = Digest.Of(bytes);
        (await UploadAsync(digest, bytes)).EnsureSuccessStatusCode();

        Assert.Equal(bytes, await Master.Http.GetByteArrayAsync($"/v1/artifacts/{digest}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/artifacts/{digest}");
        request.Headers.Range = new RangeHeaderValue(1_000_000, 1_000_009);
        var part = await Master.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(bytes[1_000_000..1_000_010], await part.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Releases_are_listed_and_a_wrong_version_gets_a_guess()
    {
        await Master.PushAsync("listed@1.0.0");
        await Master.PushAsync("listed@1.1.0");

        var listed = await Master.GetAsync("/v1/releases?name=listed", WireJson.Default.ImmutableArrayReleaseRecord);
        Assert.Equal(["listed@1.0.0", "listed@1.1.0"], listed.Select(r => r.Release.Value));
        var problem = await TestMaster.ProblemAsync(await Master.Http.GetAsync("/v1/releases/listed/1.1.1"), 404);
        Assert.Contains("did you mean '1.1.0'?", problem.Mend, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(await Master.Http.GetAsync("/v1/releases/listed/1.1.1/manifest"), 404);
    }

    [Fact]
    public async Task A_pushed_release_survives_a_death_right_after_the_answer()
    {
        var record = await Master.PushAsync("durable@1");

        await using var revived = await Master.ReviveAsync();

        Assert.Equal(record, await revived.GetAsync("/v1/releases/durable/1", WireJson.Default.ReleaseRecord));
        var manifest = await revived.Http.GetByteArrayAsync("/v1/releases/durable/1/manifest");
        Assert.Equal(record.Manifest, Digest.Of(manifest));
        foreach (var file in JsonSerializer.Deserialize(manifest, WireJson.Default.ReleaseManifest)!.Files)
        {
            Assert.Equal(file.Digest, Digest.Of(await revived.Http.GetByteArrayAsync($"/v1/artifacts/{file.Digest}")));
        }
    }

    private static ReleaseManifest Manifest(string release, byte[] bytes, string path = "a", int mode = 0b110_100_100) => new()
    {
        Release = ReleaseId.Parse(release), Files = [new ReleaseFile(path, mode, bytes.Length, Digest.Of(bytes))],
    };

    private Task<HttpResponseMessage> PushAsync(ReleaseManifest manifest) => Master.PutAsync(
        $"/v1/releases/{manifest.Release.Name}/{manifest.Release.Version}",
        new ReleasePush(manifest),
        WireJson.Default.ReleasePush);

    private Task<HttpResponseMessage> UploadAsync(Digest digest, byte[] bytes) =>
        Master.Http.PutAsync($"/v1/artifacts/{digest}", new ByteArrayContent(bytes));
}
