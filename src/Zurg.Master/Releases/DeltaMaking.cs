using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.IO.MemoryMappedFiles;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Releases;

/// <summary>Compares two releases of the artifact store, and writes what came of it.</summary>
internal static class DeltaMaking
{
    /// <summary>In bytes: below it a file is read, above it is mapped.</summary>
    private const int ReadBytesMax = 1024 * 1024;

    /// <summary>All cores at once: somebody waits.</summary>
    /// <exception cref="FileNotFoundException">A file of one of them is not here.</exception>
    public static ReleaseDelta Compare(ArtifactStore artifacts, ManifestBytes old, ManifestBytes fresh, CancellationToken stop)
    {
        var candidates = ReleaseDelta.Candidates(old.Manifest, fresh.Manifest);
        var needed = candidates.Select(c => fresh.Manifest.Files[c.File].Digest)
            .Concat(candidates.Where(c => c.Base >= 0).Select(c => old.Manifest.Files[c.Base].Digest));
        if (needed.OfType<Digest>().FirstOrDefault(d => !artifacts.Has(d)) is { Value: not null } missing)
        {
            throw new FileNotFoundException($"there is no artifact {missing.Short}");
        }

        var files = new FileDelta[candidates.Length];
        var options = new ParallelOptions { CancellationToken = stop, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, files.Length, options, i =>
        {
            var (file, source) = candidates[i];
            var (to, from) = (fresh.Manifest.Files[file], source < 0 ? null : old.Manifest.Files[source]);
            files[i] = from is null || Math.Max(from.Size, to.Size) > ReleaseDelta.FileBytesMax
                ? Whole(file, to)
                : new FileDelta(file, source, Steps(artifacts.PathOf(from.Digest!.Value), artifacts.PathOf(to.Digest!.Value)));
        });
        if (files.Sum(f => f.Steps.Length) > ReleaseDelta.StepsMax / 2)
        {
            files = [.. files.Select(f => Whole(f.File, fresh.Manifest.Files[f.File]))];
        }

        return new ReleaseDelta(BlockDelta.Find(old.Bytes, fresh.Bytes), [.. files]);
    }

    public static async Task WriteAsync(
        ArtifactStore artifacts, ManifestBytes fresh, ReleaseDelta delta, string path, CancellationToken stop)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        await using var packed = new BrotliStream(file, CompressionLevel.Fastest);
        var script = DeltaScript.Write(delta);
        var length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, script.Length);
        packed.Write(ReleaseDelta.Magic);
        packed.Write(length);
        packed.Write(script);
        using (var manifest = new MemoryStream(fresh.Bytes, writable: false))
        {
            await CopyNewAsync(delta.Manifest, manifest, packed, stop);
        }

        foreach (var changed in delta.Files.Where(f => f.Steps.Any(s => s.IsNew)))
        {
            var source = artifacts.PathOf(fresh.Manifest.Files[changed.File].Digest!.Value);
            await using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
            await CopyNewAsync(changed.Steps, from, packed, stop);
        }
    }

    private static FileDelta Whole(int index, ReleaseFile file) =>
        new(index, Base: -1, file.Size == 0 ? [] : [new DeltaStep(-1, file.Size)]);

    private static ImmutableArray<DeltaStep> Steps(string old, string fresh)
    {
        using var from = new FileBytes(old);
        using var to = new FileBytes(fresh);
        return BlockDelta.Find(from.Span, to.Span);
    }

    private static async Task CopyNewAsync(ImmutableArray<DeltaStep> steps, Stream from, Stream to, CancellationToken stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        try
        {
            var at = 0L;
            foreach (var step in steps)
            {
                if (step.IsNew)
                {
                    from.Position = at;
                    for (var left = step.Length; left > 0;)
                    {
                        var piece = buffer.AsMemory(0, (int)Math.Min(left, buffer.Length));
                        await from.ReadExactlyAsync(piece, stop);
                        await to.WriteAsync(piece, stop);
                        left -= piece.Length;
                    }
                }

                at += step.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A file's bytes; small ones in memory of a pool, for mapping a thousand of them costs more than reading.</summary>
    private sealed unsafe class FileBytes : IDisposable
    {
        private readonly MemoryMappedFile? _map;
        private readonly MemoryMappedViewAccessor? _view;
        private readonly byte[]? _rented;
        private readonly byte* _start;
        private readonly int _length;

        public FileBytes(string path)
        {
            using var file = File.OpenHandle(path);
            _length = (int)RandomAccess.GetLength(file);
            if (_length > ReadBytesMax)
            {
                _map = MemoryMappedFile.CreateFromFile(
                    file, mapName: null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
                _view = _map.CreateViewAccessor(0, _length, MemoryMappedFileAccess.Read);
                _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
                return;
            }

            _rented = ArrayPool<byte>.Shared.Rent(Math.Max(_length, 1));
            for (var at = 0; at < _length;)
            {
                var read = RandomAccess.Read(file, _rented.AsSpan(at, _length - at), at);
                at += read > 0 ? read : throw new EndOfStreamException($"{path} became shorter while it was read");
            }
        }

        public ReadOnlySpan<byte> Span => _rented is null ? new ReadOnlySpan<byte>(_start, _length) : _rented.AsSpan(0, _length);

        public void Dispose()
        {
            if (_rented is not null)
            {
                ArrayPool<byte>.Shared.Return(_rented);
            }

            _view?.SafeMemoryMappedViewHandle.ReleasePointer();
            _view?.Dispose();
            _map?.Dispose();
        }
    }
}
