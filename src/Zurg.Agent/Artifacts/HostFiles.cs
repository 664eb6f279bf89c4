using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>A file of a complete release on this host.</summary>
/// <param name="Stamp">As it looked when its bytes were last hashed; null when that is too long ago to be relied on.</param>
internal sealed record HostFile(string Path, string? Stamp, DateTimeOffset HashedAt, UnixFileMode Mode);

/// <summary>
/// The files of other complete releases by digest: what is here need not be fetched. A file that looks as it did when it was last
/// hashed gets a second name (a link), for copying a release of which nothing changed takes longer than all the rest; any other
/// one is copied, and hashed on the way. An edit of a linked file shows in every release that has it, and takes all of them
/// aside.
/// </summary>
internal sealed class HostFiles(ReleasePaths paths)
{
    private readonly ConcurrentDictionary<string, string> _relinked = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<DateTimeOffset, byte> _hashedAt = new();
    private ImmutableSortedDictionary<Digest, HostFile> _files = ImmutableSortedDictionary<Digest, HostFile>.Empty;

    public static HostFiles Of(ReleasePaths paths, ReleaseId? except, DateTimeOffset now)
    {
        var files = ImmutableSortedDictionary.CreateBuilder<Digest, HostFile>();
        foreach (var release in paths.Complete().Where(r => r != except))
        {
            if (ReleaseMark.Read(paths.Mark(release)) is not { } mark || ManifestOf(paths, release) is not { } manifest)
            {
                continue;
            }

            var speaks = mark.Speaks(now);
            foreach (var file in manifest.Files.Where(f => f.Digest is not null))
            {
                var stamp = speaks ? mark.Stamps.GetValueOrDefault(file.Path) : null;
                if (!files.TryGetValue(file.Digest!.Value, out var newer) || (newer.Stamp is null && stamp is not null))
                {
                    files[file.Digest.Value] = new HostFile(
                        Path.Combine(paths.Tree(release), file.Path), stamp, mark.HashedAt, ReleaseTree.ModeOf(file));
                }
            }
        }

        return new HostFiles(paths) { _files = files.ToImmutable() };
    }

    /// <summary>Null when it cannot be read: it is another release's trouble.</summary>
    public static ReleaseManifest? ManifestOf(ReleasePaths paths, ReleaseId release)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(paths.Manifest(release)), WireJson.Default.ReleaseManifest);
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }

    /// <summary>When the linked file was hashed whose hash is the oldest; <paramref name="now"/> when none was linked.</summary>
    public DateTimeOffset HashedAt(DateTimeOffset now) => _hashedAt.Keys.DefaultIfEmpty(now).Min();

    public HostFile? Find(Digest digest) => _files.GetValueOrDefault(digest);

    /// <summary>Whether <see cref="TryLink"/> may well do it: nothing of it has to be written then.</summary>
    public bool CanLink(ReleaseFile file) =>
        Find(file.Digest!.Value) is { Stamp: not null } known && known.Mode == ReleaseTree.ModeOf(file);

    /// <summary>Gives the file the name <paramref name="to"/> too, when it is untouched and has that mode.</summary>
    /// <returns>How it looks now; null when it was not linked.</returns>
    public string? TryLink(HostFile file, string to, UnixFileMode mode)
    {
        if (file.Stamp is null || file.Mode != mode || Disk.StampOf(file.Path) is not { } before
            || (before != file.Stamp && _relinked.GetValueOrDefault(file.Stamp) != before))
        {
            return null;
        }

        if (!Disk.TryLink(file.Path, to))
        {
            // An interrupted attempt may have left something there.
            File.Delete(to);
            if (!Disk.TryLink(file.Path, to))
            {
                return null;
            }
        }

        if (Disk.StampOf(to) is not { } after)
        {
            return null;
        }

        // One more name changes the ctime, which comes last. Anything else: somebody was at it in this very moment.
        if (!Disk.SameButForCtime(before, after))
        {
            File.Delete(to);
            return null;
        }

        _relinked[file.Stamp] = after;
        _hashedAt.TryAdd(file.HashedAt, 0);
        return after;
    }

    /// <summary>The marks of the releases whose files were linked go on speaking for them.</summary>
    public void Relink() => ReleaseMark.Relink(paths, _relinked);
}
