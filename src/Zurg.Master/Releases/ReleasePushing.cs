using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Releases;

internal abstract record PushOutcome
{
    private PushOutcome()
    {
    }

    /// <param name="Created">False when the very same release was there already.</param>
    /// <param name="Revision">0 when it was there already.</param>
    public sealed record Complete(ReleaseRecord Release, bool Created, Revision Revision) : PushOutcome;

    public sealed record Missing(ImmutableArray<Digest> Digests) : PushOutcome;

    public sealed record Invalid(ImmutableArray<Problem> Problems) : PushOutcome;

    public sealed record OtherBytes(ReleaseRecord There) : PushOutcome;

    public sealed record DiskFull : PushOutcome;
}

/// <summary>
/// Makes a manifest a release once every byte of it is durable: files first, then the manifest, the record in the store last. A
/// version is written once and never replaced (DESIGN.md promise 3).
/// </summary>
internal sealed class ReleasePushing(IStateStore store, ArtifactStore artifacts, TimeProvider time)
{
    /// <exception cref="StoreFaultException">The outcome is unknown: push again, the same bytes are fine.</exception>
    public async Task<PushOutcome> PushAsync(ReleaseManifest manifest, string author, CancellationToken stop)
    {
        if (Check(manifest) is { IsEmpty: false } problems)
        {
            return new PushOutcome.Invalid(problems);
        }

        var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, WireJson.Default.ReleaseManifest);
        if (bytes.Length > ManifestRules.BytesMax)
        {
            var text = $"the manifest has {bytes.Length} bytes: at most {ManifestRules.BytesMax}";
            return new PushOutcome.Invalid([new Problem("files", text)]);
        }

        var digest = Digest.Of(bytes);
        var key = StoreKeys.Release(manifest.Release);
        if (await store.FindAsync(key, stop) is { } there)
        {
            return Compare(there.Read(WireJson.Default.ReleaseRecord), digest);
        }

        var missing = manifest.Files.Where(f => f.Digest is { } d && !artifacts.Has(d))
            .Select(f => f.Digest!.Value).ToImmutableSortedSet();
        if (!missing.IsEmpty)
        {
            return new PushOutcome.Missing([.. missing]);
        }

        if (await artifacts.PutAsync(digest, new MemoryStream(bytes, writable: false), stop) is ArtifactOutcome.DiskFull)
        {
            return new PushOutcome.DiskFull();
        }

        return await CommitAsync(key, Record(manifest, digest, author), stop);
    }

    private async Task<PushOutcome> CommitAsync(string key, ReleaseRecord record, CancellationToken stop)
    {
        var value = JsonSerializer.SerializeToUtf8Bytes(record, WireJson.Default.ReleaseRecord);
        var commit = new StoreCommit([new StoreExpectation(key, new Revision(0))], [new StoreWrite(key, value)]);
        return await store.CommitAsync(commit, stop) is CommitOutcome.Committed committed
            ? new PushOutcome.Complete(record, Created: true, committed.Revision)
            : await store.FindAsync(key, stop) is { } there ? Compare(there.Read(WireJson.Default.ReleaseRecord), record.Manifest)
            : throw new StoreFaultException($"{key} was refused and is not there");
    }

    private ImmutableArray<Problem> Check(ReleaseManifest manifest)
    {
        if (ManifestRules.Check(manifest) is { IsEmpty: false } problems)
        {
            return problems;
        }

        // A size that lies would stop an agent's download halfway, on every host.
        return
        [
            .. manifest.Files
                .Where(f => f.Digest is { } d && artifacts.SizeOf(d) is { } size && size != f.Size)
                .Select(f => new Problem(
                    "files",
                    $"'{f.Path}' is said to have {f.Size} bytes; those with its digest are {artifacts.SizeOf(f.Digest!.Value)}")),
        ];
    }

    private ReleaseRecord Record(ReleaseManifest manifest, Digest digest, string author) => new()
    {
        Release = manifest.Release,
        Manifest = digest,
        Files = manifest.Files.Length,
        Bytes = manifest.Files.Sum(f => f.Size),
        Author = author,
        At = time.GetUtcNow(),
    };

    private static PushOutcome Compare(ReleaseRecord there, Digest manifest) =>
        there.Manifest == manifest ? new PushOutcome.Complete(there, Created: false, default) : new PushOutcome.OtherBytes(there);
}
