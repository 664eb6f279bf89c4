namespace Zurg.Agent.Cores;

/// <summary>A copy that takes no more of the disk than it must: a core dump is mostly holes.</summary>
internal static class SparseCopy
{
    private const int Piece = 64 * 1024;

    /// <exception cref="IOException">It failed; what was written of the copy is removed.</exception>
    public static void Make(string from, string to)
    {
        try
        {
            using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            using var copy = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            var piece = new byte[Piece];
            while (source.ReadAtLeast(piece, Piece, throwOnEndOfStream: false) is var read and > 0)
            {
                var bytes = piece.AsSpan(0, read);
                if (bytes.ContainsAnyExcept((byte)0))
                {
                    copy.Write(bytes);
                }
                else
                {
                    copy.Position += read;
                }
            }

            copy.SetLength(source.Length);
        }
        catch (IOException)
        {
            File.Delete(to);
            throw;
        }
    }
}
