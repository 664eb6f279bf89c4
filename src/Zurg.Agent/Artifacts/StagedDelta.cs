using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>
/// A master's delta, unpacked: what it says is not believed. Its manifest must have the digest that is assigned, each file made
/// with it the digest of that manifest; the base may have been edited on this disk, which the same digests show.
/// </summary>
internal sealed class StagedDelta : IDisposable
{
    private const int PieceBytes = 128 * 1024;

    private readonly ImmutableSortedDictionary<int, (FileDelta Delta, long Literals)> _files;
    private readonly ReleaseManifest _base;
    private readonly string _baseTree;
    private readonly SafeFileHandle _literals;

    private StagedDelta(
        byte[] manifest, ReleaseManifest @base, string baseTree, ImmutableSortedDictionary<int, (FileDelta, long)> files,
        SafeFileHandle literals) =>
        (ManifestBytes, _base, _baseTree, _files, _literals) = (manifest, @base, baseTree, files, literals);

    /// <summary>Have the digest that is assigned.</summary>
    public byte[] ManifestBytes { get; }

    /// <param name="packed">As it came.</param>
    /// <param name="literals">Where the new bytes go.</param>
    /// <param name="literalsMax">In bytes: more are not unpacked.</param>
    /// <exception cref="InvalidDataException">It is too long, or none, or not of these two releases.</exception>
    public static StagedDelta Open(
        string packed, string literals, (ReleaseManifest Manifest, byte[] Bytes, string Tree) from, Digest to,
        long literalsMax)
    {
        try
        {
            using var file = File.OpenRead(packed);
            using var bytes = new BrotliStream(file, CompressionMode.Decompress);
            var head = new byte[ReleaseDelta.Magic.Length + sizeof(int)];
            bytes.ReadExactly(head);
            var scriptLength = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(ReleaseDelta.Magic.Length));
            if (!head.AsSpan().StartsWith(ReleaseDelta.Magic) || scriptLength is < 0 or > ReleaseDelta.ScriptBytesMax)
            {
                throw new InvalidDataException("the master's delta is none that this agent understands");
            }

            var script = new byte[scriptLength];
            bytes.ReadExactly(script);
            var delta = DeltaScript.Read(script) ?? throw new InvalidDataException("the master's delta makes no sense");
            var brought = new byte[Math.Min(NewBytes(delta.Manifest), BlockDelta.JoinedBytesMax)];
            bytes.ReadExactly(brought);
            if (BlockDelta.Join(from.Bytes, delta.Manifest, brought) is not { } manifest || Digest.Of(manifest) != to)
            {
                throw new InvalidDataException("the master's delta leads to another release");
            }

            var length = delta.Files.Sum(f => NewBytes(f.Steps));
            if (length > literalsMax)
            {
                throw new InvalidDataException($"the master's delta needs {length} bytes of disk");
            }

            var unpacked = Unpack(bytes, literals, length);
            return new StagedDelta(manifest, from.Manifest, from.Tree, Index(delta), unpacked);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidOperationException)
        {
            throw new InvalidDataException("the master's delta is cut or broken", e);
        }
    }

    /// <summary>Makes a file at <paramref name="path"/>, where nothing is.</summary>
    /// <param name="index">Its place in the manifest.</param>
    /// <returns>False when the delta does not have it, or makes other bytes of it than it should have.</returns>
    public bool TryMake(int index, ReleaseFile file, string path)
    {
        if (!_files.TryGetValue(index, out var found) || found.Delta.Steps.Sum(s => s.Length) != file.Size
            || found.Delta.Base >= _base.Files.Length)
        {
            return false;
        }

        using var made = new MadeFile(path, PieceBytes);
        try
        {
            using var source = OpenBase(found.Delta.Base);
            var literals = found.Literals;
            foreach (var step in found.Delta.Steps)
            {
                var handle = step.IsNew ? _literals : source;
                if (handle is null || !made.TryCopy(handle, step.IsNew ? literals : step.From, step.Length))
                {
                    return false;
                }

                literals += step.IsNew ? step.Length : 0;
            }

            return made.Finish() == file.Digest;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    public void Dispose() => _literals.Dispose();

    private SafeFileHandle? OpenBase(int index) =>
        index < 0 || _base.Files[index].Digest is null ? null : File.OpenHandle(
            Path.Combine(_baseTree, _base.Files[index].Path), share: FileShare.ReadWrite | FileShare.Delete);

    private static ImmutableSortedDictionary<int, (FileDelta, long)> Index(ReleaseDelta delta)
    {
        var files = ImmutableSortedDictionary.CreateBuilder<int, (FileDelta, long)>();
        var literals = 0L;
        foreach (var file in delta.Files)
        {
            files[file.File] = (file, literals);
            literals += NewBytes(file.Steps);
        }

        return files.ToImmutable();
    }

    private static long NewBytes(ImmutableArray<DeltaStep> steps) => steps.Where(s => s.IsNew).Sum(s => s.Length);

    /// <summary>Not a byte more than the script says, whatever comes.</summary>
    private static SafeFileHandle Unpack(BrotliStream bytes, string path, long length)
    {
        var literals = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, FileOptions.None);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (var at = 0L; at < length;)
            {
                var read = bytes.Read(buffer, 0, (int)Math.Min(length - at, buffer.Length));
                if (read == 0)
                {
                    throw new EndOfStreamException();
                }

                RandomAccess.Write(literals, buffer.AsSpan(0, read), at);
                at += read;
            }

            return literals;
        }
        catch
        {
            literals.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
