using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Master.Releases;

internal abstract record SignOutcome
{
    private SignOutcome()
    {
    }

    /// <param name="Revision">0 when the key had signed it before.</param>
    public sealed record Signed(ReleaseRecord Release, Revision Revision) : SignOutcome;

    public sealed record Unknown : SignOutcome;

    public sealed record NoKey : SignOutcome;

    public sealed record DoesNotFit(Digest Manifest) : SignOutcome;

    public sealed record TooMany : SignOutcome;
}

/// <summary>Keeps signatures with the release that they are of. Whose count is judged when a spec names keys.</summary>
internal sealed class ReleaseVouching(IStateStore store, TimeProvider time)
{
    private const int AttemptsMax = 10;

    /// <exception cref="StoreFaultException">The outcome is unknown: sign again, it does no harm.</exception>
    public async Task<SignOutcome> SignAsync(
        ReleaseId release, ReleaseSign sign, string author, CancellationToken stop)
    {
        var key = StoreKeys.Release(release);
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if (await store.FindAsync(key, stop) is not { } entry)
            {
                return new SignOutcome.Unknown();
            }

            var record = entry.Read(WireJson.Default.ReleaseRecord);
            var signatures = record.Signatures ?? [];
            if (!ReleaseSigning.TryReadKey(sign.Key, out var publicKey))
            {
                return new SignOutcome.NoKey();
            }

            if (!ReleaseSigning.Fits(publicKey, sign.Value, record.Manifest))
            {
                return new SignOutcome.DoesNotFit(record.Manifest);
            }

            if (signatures.Any(s => s.Key == publicKey && ReleaseSigning.Fits(s.Key, s.Value, record.Manifest)))
            {
                return new SignOutcome.Signed(record, default);
            }

            signatures = signatures.RemoveAll(s => s.Key == publicKey);

            if (signatures.Length >= ReleaseSigning.SignaturesMax)
            {
                return new SignOutcome.TooMany();
            }

            var signed = record with
            {
                Signatures = signatures.Add(new ReleaseSignature(publicKey, sign.Value, author, time.GetUtcNow())),
            };
            var value = JsonSerializer.SerializeToUtf8Bytes(signed, WireJson.Default.ReleaseRecord);
            var commit = new StoreCommit([new StoreExpectation(key, entry.Modified)], [new StoreWrite(key, value)]);
            if (await store.CommitAsync(commit, stop) is CommitOutcome.Committed committed)
            {
                return new SignOutcome.Signed(signed, committed.Revision);
            }
        }

        throw new StoreFaultException($"others signed {release} {AttemptsMax} times meanwhile");
    }
}
