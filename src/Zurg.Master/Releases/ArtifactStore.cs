using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Releases;

/// <summary>
/// Bytes by their SHA-256, on disk under ab/cdef…: written beside, flushed, then renamed, so that a name that exists holds all of
/// its bytes, whatever died when. Nothing is ever replaced or removed.
/// </summary>
internal sealed class ArtifactStore
{
    /// <summary>In bytes, of one file: 4 GiB.</summary>
    public const long FileBytesMax = ManifestRules.FileBytesMax;

    private const int BufferBytes = 128 * 1024;
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private readonly string _directory;
    private readonly string _unfinished;
    private readonly long _fileBytesMax;
    private long _parts;

    /// <param name="directory">Made when it is not there. Unfinished parts of an earlier run go: one process owns it.</param>
    /// <param name="fileBytesMax">A smaller limit, for tests.</param>
    public ArtifactStore(string directory, long fileBytesMax = FileBytesMax)
    {
        _directory = directory;
        _fileBytesMax = fileBytesMax;
        _unfinished = Path.Combine(directory, "unfinished");
        Directory.CreateDirectory(_unfinished);
        foreach (var part in Directory.EnumerateFiles(_unfinished))
        {
            File.Delete(part);
        }
    }

    public bool Has(Digest digest) => File.Exists(PathOf(digest));

    /// <summary>In bytes; null when it is not there.</summary>
    public long? SizeOf(Digest digest) => new FileInfo(PathOf(digest)) is { Exists: true } file ? file.Length : null;

    /// <summary>Null when it is not there.</summary>
    public FileStream? Open(Digest digest) =>
        Has(digest)
            ? new FileStream(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, useAsync: true)
            : null;

    /// <summary>Durable when it answers <see cref="ArtifactOutcome.Stored"/>; otherwise nothing is kept.</summary>
    /// <exception cref="IOException">A fault of the disk other than being full.</exception>
    public async Task<ArtifactOutcome> PutAsync(Digest digest, Stream bytes, CancellationToken stop)
    {
        if (Has(digest))
        {
            return new ArtifactOutcome.Stored();
        }

        var part = Path.Combine(_unfinished, Interlocked.Increment(ref _parts).ToString(CultureInfo.InvariantCulture));
        try
        {
            var refusal = await WriteAsync(part, digest, bytes, stop);
            if (refusal is not null)
            {
                return refusal;
            }

            Publish(part, PathOf(digest));
            return new ArtifactOutcome.Stored();
        }
        catch (IOException e) when ((e.HResult & 0xffff) is NoSpace or QuotaExceeded)
        {
            return new ArtifactOutcome.DiskFull();
        }
        finally
        {
            File.Delete(part);
        }
    }

    private async Task<ArtifactOutcome?> WriteAsync(string part, Digest digest, Stream bytes, CancellationToken stop)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, useAsync: true);
            var size = 0L;
            int read;
            while ((read = await bytes.ReadAsync(buffer, stop)) > 0)
            {
                size += read;
                if (size > _fileBytesMax)
                {
                    return new ArtifactOutcome.TooLarge(_fileBytesMax);
                }

                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), stop);
            }

            var actual = new Digest(Convert.ToHexStringLower(hash.GetHashAndReset()));
            if (actual != digest)
            {
                return new ArtifactOutcome.OtherBytes(actual);
            }

            File.SetUnixFileMode(file.SafeFileHandle, ReadOnly);
            file.Flush(flushToDisk: true);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Publish(string part, string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(directory))
        {
            Directory.CreateDirectory(directory);
            DirectorySync.Flush(_directory);
        }

        // Two uploads of the same bytes may meet here: either of the two equal files may win.
        File.Move(part, path, overwrite: true);
        DirectorySync.Flush(directory);
    }

    /// <summary>Where its bytes are, if they are.</summary>
    public string PathOf(Digest digest) => Path.Combine(_directory, digest.Value[..2], digest.Value[2..]);
}

internal abstract record ArtifactOutcome
{
    private ArtifactOutcome()
    {
    }

    public sealed record Stored : ArtifactOutcome;

    public sealed record OtherBytes(Digest Actual) : ArtifactOutcome;

    public sealed record TooLarge(long BytesMax) : ArtifactOutcome;

    public sealed record DiskFull : ArtifactOutcome;
}
