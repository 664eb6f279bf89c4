using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>The files of complete releases, for others. Whoever gets one hashes it.</summary>
internal sealed class SharedFiles(ReleasePaths paths, TimeProvider time)
{
    private Known? _known;

    /// <summary>Open for reading; null when no complete release has it.</summary>
    public FileStream? Open(Digest digest)
    {
        try
        {
            const FileShare others = FileShare.Read | FileShare.Delete;
            return Index().Find(digest) is { } file
                ? new FileStream(file.Path, FileMode.Open, FileAccess.Read, others, bufferSize: 0, useAsync: true)
                : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private HostFiles Index()
    {
        var releases = paths.Complete().Sort();
        if (Volatile.Read(ref _known) is { } known && known.Releases.SequenceEqual(releases))
        {
            return known.Files;
        }

        var files = HostFiles.Of(paths, except: null, time.GetUtcNow());
        Volatile.Write(ref _known, new Known(releases, files));
        return files;
    }

    private sealed record Known(ImmutableArray<ReleaseId> Releases, HostFiles Files);
}
