using Zurg.Protocol;

namespace Zurg.Agent.Cores;

/// <summary>Answers what a master asks of the core dumps here.</summary>
internal static class CoreReader
{
    /// <summary>A longer run of zeros is told in more than one answer, so that none takes long.</summary>
    private const long ZerosMax = 256L * 1024 * 1024;

    /// <exception cref="IOException">The dump cannot be read.</exception>
    public static CoreAnswer Answer(CoreShelf shelf, CoreRequest request)
    {
        if (request.Core is not { } id)
        {
            return new CoreAnswer { Nonce = request.Nonce, Cores = shelf.Kept };
        }

        if (shelf.PathOf(id) is not { } path)
        {
            return new CoreAnswer { Nonce = request.Nonce, Problem = $"there is no core dump {id} here any more" };
        }

        using var core = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        return Read(core, request);
    }

    private static CoreAnswer Read(FileStream core, CoreRequest request)
    {
        core.Position = request.Offset;
        var piece = new byte[CoreAnswer.BytesMax];
        var zeros = 0L;
        while (zeros < ZerosMax && core.ReadAtLeast(piece, piece.Length, throwOnEndOfStream: false) is var read and > 0)
        {
            if (piece.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                return zeros > 0
                    ? new CoreAnswer { Nonce = request.Nonce, Zeros = zeros }
                    : new CoreAnswer { Nonce = request.Nonce, Bytes = piece.AsMemory(0, read) };
            }

            zeros += read;
        }

        return new CoreAnswer { Nonce = request.Nonce, Zeros = zeros };
    }
}
