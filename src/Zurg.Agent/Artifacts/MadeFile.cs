using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>A file put together from pieces of others, hashed on the way; a small one is written at once.</summary>
internal sealed class MadeFile(string path, int bufferBytes) : IDisposable
{
    private readonly SafeFileHandle _to = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(bufferBytes);
    private int _filled;
    private long _written;

    /// <returns>False when the source is shorter than that.</returns>
    public bool TryCopy(SafeFileHandle from, long offset, long length)
    {
        while (length > 0)
        {
            var read = RandomAccess.Read(from, _buffer.AsSpan(_filled, (int)Math.Min(length, _buffer.Length - _filled)), offset);
            if (read == 0)
            {
                return false;
            }

            (offset, length, _filled) = (offset + read, length - read, _filled + read);
            if (_filled == _buffer.Length)
            {
                Flush();
            }
        }

        return true;
    }

    /// <returns>The digest of all of it.</returns>
    public Digest Finish()
    {
        Flush();
        return new Digest(Convert.ToHexStringLower(_hash.GetHashAndReset()));
    }

    public void Dispose()
    {
        _to.Dispose();
        _hash.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private void Flush()
    {
        RandomAccess.Write(_to, _buffer.AsSpan(0, _filled), _written);
        _hash.AppendData(_buffer, 0, _filled);
        (_written, _filled) = (_written + _filled, 0);
    }
}
