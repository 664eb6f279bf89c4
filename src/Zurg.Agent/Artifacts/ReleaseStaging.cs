using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>
/// A release in the making: each file from where it is cheapest to have, hashed unless it is a link to what was. What an
/// interrupted attempt left is used when its bytes are right.
/// </summary>
internal sealed class ReleaseStaging(string staging, ReleaseManifest manifest, ArtifactSource source, Neighbours neighbours)
{
    /// <summary>So many files of one release are fetched at the same time.</summary>
    public const int FetchesMax = 4;

    private readonly ConcurrentDictionary<string, string> _linked = new(StringComparer.Ordinal);

    public string Tree { get; } = Path.Combine(staging, "tree");

    private string Parts { get; } = Path.Combine(staging, "parts");

    /// <summary>How entries looked when they were linked, by path.</summary>
    public IReadOnlyDictionary<string, string> Linked => _linked;

    /// <summary>
    /// So many will be written: fewer than the release has when some are here or were left by an earlier attempt.
    /// </summary>
    public long BytesToBring(HostFiles here)
    {
        var linked = new HashSet<Digest>();
        return manifest.Files.Index()
            .Where(f => f.Item.Digest is { } digest && !(here.CanLink(f.Item) && linked.Add(digest)))
            .Sum(f => Math.Max(0, f.Item.Size - StagedBytes(f.Index, f.Item)));
    }

    /// <exception cref="InvalidDataException">The master's bytes are wrong.</exception>
    /// <exception cref="HttpRequestException">The master does not give them; what came is kept for the next attempt.</exception>
    public async Task StageAsync(HostFiles here, StagedDelta? delta, CancellationToken stop)
    {
        Directory.CreateDirectory(Tree);
        Directory.CreateDirectory(Parts);
        foreach (var directory in manifest.Files.Select(f => Path.GetDirectoryName(f.Path)!).Distinct(StringComparer.Ordinal))
        {
            Directory.CreateDirectory(Path.Combine(Tree, directory));
        }

        // Of files with the same bytes the first is brought, the others are copies of it.
        var firsts = new Dictionary<Digest, int>();
        var files = manifest.Files.Index().ToLookup(f => f.Item.Digest is not { } digest || firsts.TryAdd(digest, f.Index));
        Link([.. files[true].Select(f => f.Item).Where(f => f.Digest is not null && here.CanLink(f))], here, stop);
        await EachAsync(
            files[true].Where(f => !_linked.ContainsKey(f.Item.Path)),
            (index, file, ended) => LayAsync(index, file, here, delta, ended), stop);
        await EachAsync(
            files[false],
            (index, file, ended) => RepeatAsync(index, file, manifest.Files[firsts[file.Digest!.Value]], ended), stop);
    }

    /// <summary>By directory: a directory takes one new name at a time.</summary>
    private void Link(ImmutableArray<ReleaseFile> files, HostFiles here, CancellationToken stop)
    {
        try
        {
            Parallel.ForEach(
                files.GroupBy(f => Path.GetDirectoryName(f.Path)),
                new ParallelOptions { MaxDegreeOfParallelism = FetchesMax, CancellationToken = stop },
                directory =>
                {
                    foreach (var file in directory)
                    {
                        var known = here.Find(file.Digest!.Value)!;
                        if (here.TryLink(known, Path.Combine(Tree, file.Path), ReleaseTree.ModeOf(file)) is { } stamp)
                        {
                            _linked[file.Path] = stamp;
                        }
                    }
                });
        }
        catch (AggregateException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            // One trouble of the disk is as good as several.
            ExceptionDispatchInfo.Throw(e.InnerException);
        }
    }

    private static Task EachAsync(
        IEnumerable<(int Index, ReleaseFile Item)> files, Func<int, ReleaseFile, CancellationToken, Task> act,
        CancellationToken stop) =>
        Parallel.ForEachAsync(
            files, new ParallelOptions { MaxDegreeOfParallelism = FetchesMax, CancellationToken = stop },
            async (file, ended) => await act(file.Index, file.Item, ended));

    private async Task LayAsync(int index, ReleaseFile file, HostFiles here, StagedDelta? delta, CancellationToken stop)
    {
        var path = Path.Combine(Tree, file.Path);
        if (file.Link is { } link)
        {
            File.Delete(path);
            File.CreateSymbolicLink(path, link);
            return;
        }

        if (!await HasDigestAsync(path, file.Digest!.Value, stop))
        {
            var (known, part) = (here.Find(file.Digest.Value), PartOf(index));
            if (known is not null && await CopiedAsync(known.Path, part + ".copy", part, file.Digest.Value, stop))
            {
                File.Move(part, path, overwrite: true);
            }
            else
            {
                await BringAsync(index, file, path, delta, stop);
            }
        }
    }

    /// <summary>A part that is there is the beginning of the whole file, hence the other name for what the delta makes.</summary>
    private async Task BringAsync(int index, ReleaseFile file, string path, StagedDelta? delta, CancellationToken stop)
    {
        var (part, made) = (PartOf(index), PartOf(index) + ".made");
        if (delta is not null && delta.TryMake(index, file, made))
        {
            File.Move(made, path, overwrite: true);
            return;
        }

        File.Delete(made);
        await using (var to = new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            await source.FetchAsync(file, to, neighbours, stop);
        }

        File.Move(part, path, overwrite: true);
    }

    private async Task RepeatAsync(int index, ReleaseFile file, ReleaseFile first, CancellationToken stop)
    {
        var (path, part) = (Path.Combine(Tree, file.Path), PartOf(index));
        if (!await HasDigestAsync(path, file.Digest!.Value, stop))
        {
            if (!await CopiedAsync(Path.Combine(Tree, first.Path), part + ".copy", part, file.Digest.Value, stop))
            {
                throw new IOException($"{first.Path} changed on disk while it was copied");
            }

            File.Move(part, path, overwrite: true);
        }
    }

    private static async Task<bool> CopiedAsync(string from, string aside, string to, Digest digest, CancellationToken stop)
    {
        try
        {
            File.Delete(aside);
            File.Copy(from, aside);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        File.SetUnixFileMode(aside, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (!await HasDigestAsync(aside, digest, stop))
        {
            File.Delete(aside);
            return false;
        }

        File.Move(aside, to, overwrite: true);
        return true;
    }

    private static async Task<bool> HasDigestAsync(string path, Digest digest, CancellationToken stop)
    {
        var found = new FileInfo(path);
        if (!found.Exists || found.LinkTarget is not null)
        {
            return false;
        }

        await using var bytes = found.OpenRead();
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, stop)) == digest.Value;
    }

    private long StagedBytes(int index, ReleaseFile file)
    {
        var (whole, part) = (new FileInfo(Path.Combine(Tree, file.Path)), new FileInfo(PartOf(index)));
        return whole.Exists ? whole.Length : part.Exists ? part.Length : 0;
    }

    private string PartOf(int index) => Path.Combine(Parts, index.ToString(CultureInfo.InvariantCulture));
}
