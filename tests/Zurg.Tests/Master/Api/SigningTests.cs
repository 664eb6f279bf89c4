using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Core.Releases;

namespace Zurg.Tests.Master.Api;

/// <summary>Signatures and keys, as a person meets them: push, sign, apply, rotate.</summary>
public sealed class SigningTests : IAsyncLifetime
{
    private readonly SigningKeys _ann = new();
    private readonly SigningKeys _bob = new();
    private TestMaster _master = null!;

    public async Task InitializeAsync() => _master = await TestMaster.StartAsync();

    public async Task DisposeAsync()
    {
        await _master.DisposeAsync();
        _ann.Dispose();
        _bob.Dispose();
    }

    [Fact]
    public async Task With_keys_a_release_is_applied_only_when_one_of_them_signed_it()
    {
        var record = await _master.PushAsync("web@1");
        (await _master.ApplyAsync(Yaml(""))).EnsureSuccessStatusCode();

        var unsigned = await RefusedAsync(Yaml($"keys: {{ ann: {_ann.Public} }}\n"));
        Assert.Equal("the release web@1 is not signed", unsigned.Text);
        Assert.Equal((6, 14), (unsigned.Line, unsigned.Column));

        await SignAsync(_bob, record.Manifest);
        var other = await RefusedAsync(Yaml($"keys: {{ ann: {_ann.Public} }}\n"));
        Assert.Contains("which is none of the keys ann", other.Text, StringComparison.Ordinal);

        var signed = await SignAsync(_ann, record.Manifest);
        Assert.Equal([_bob.Public, _ann.Public], signed.Signatures!.Value.Select(s => s.Key));
        (await _master.ApplyAsync(Yaml($"keys: {{ ann: {_ann.Public} }}\n"))).EnsureSuccessStatusCode();

        // Rotation: to a key that has signed what runs, not to one that has not.
        (await _master.ApplyAsync(Yaml($"keys: {{ bob: {_bob.Public} }}\n"))).EnsureSuccessStatusCode();
        using var carl = new SigningKeys();
        await RefusedAsync(Yaml($"keys: {{ carl: {carl.Public} }}\n"));
        (await _master.ApplyAsync(Yaml($"keys: {{ bob: {_bob.Public}, carl: {carl.Public} }}\n"))).EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task A_signature_that_does_not_fit_is_refused_and_the_same_one_again_is_fine()
    {
        var record = await _master.PushAsync("web@1");

        var wrong = await TestMaster.ProblemAsync(await PutAsync("web/1", _ann.Sign(Digest.Of("other"u8))), 400);
        Assert.Contains(record.Manifest.Short, wrong.Detail, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(await PutAsync("web/1", new ReleaseSign("AAAA", "AAAA")), 400);
        await TestMaster.ProblemAsync(await PutAsync("web/2", _ann.Sign(record.Manifest)), 404);

        await SignAsync(_ann, record.Manifest);
        Assert.Single((await SignAsync(_ann, record.Manifest)).Signatures!.Value);
        var events = await _master.GetAsync("/v1/events", WireJson.Default.ImmutableArrayEventRecord);
        Assert.Contains(ReleaseSignature.NameOf(_ann.Public), Assert.Single(events, e => e.Kind == EventKind.ReleaseSigned).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_has_only_so_many_signatures()
    {
        var record = await _master.PushAsync("web@1");
        for (var i = 0; i < ReleaseSigning.SignaturesMax; i++)
        {
            using var key = new SigningKeys();
            await SignAsync(key, record.Manifest);
        }

        await TestMaster.ProblemAsync(await PutAsync("web/1", _ann.Sign(record.Manifest)), 409);
    }

    private static string Yaml(string keys) => keys + """
        cluster: demo
        services:
          web:
            run: run
            release: "1"

        """;

    private async Task<Problem> RefusedAsync(string yaml) =>
        Assert.Single((await TestMaster.ProblemAsync(await _master.ApplyAsync(yaml), 400)).Problems);

    private async Task<ReleaseRecord> SignAsync(SigningKeys key, Digest manifest) =>
        await TestMaster.ReadAsync(await PutAsync("web/1", key.Sign(manifest)), WireJson.Default.ReleaseRecord);

    private Task<HttpResponseMessage> PutAsync(string release, ReleaseSign sign) =>
        _master.PutAsync($"/v1/releases/{release}/signature?author=ann", sign, WireJson.Default.ReleaseSign);
}
