using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>
/// The mark of a complete release, beside its tree: when its bytes were last hashed, and how each entry looked then. It speaks
/// for one boot and one day: what was written but not yet on disk when the power went, or rots there, is found by hashing again.
/// </summary>
/// <param name="Manifest">The digest of the manifest that the bytes were compared with.</param>
/// <param name="BootId">/proc/sys/kernel/random/boot_id of that time.</param>
/// <param name="Stamps">By path; "." is the tree itself. <see cref="Disk.StampOf"/>.</param>
internal sealed record ReleaseMark(
    Digest Manifest, string BootId, DateTimeOffset HashedAt, ImmutableSortedDictionary<string, string> Stamps)
{
    public const string Tree = ".";

    public static readonly TimeSpan AgeMax = TimeSpan.FromDays(1);

    public static readonly ImmutableSortedDictionary<string, string> NoStamps =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    private const string Form = "zurg mark 2";

    public static string ThisBoot { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>A clock that was set back casts doubt too.</summary>
    public bool Speaks(DateTimeOffset now) => BootId == ThisBoot && now >= HashedAt && now - HashedAt < AgeMax;

    /// <summary>Null when there is none, or none of this build's form: then the tree is hashed.</summary>
    public static ReleaseMark? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var lines = File.ReadAllLines(path);
        if (lines is not [Form, var manifest, var boot, var hashed, .. var entries]
            || !DateTimeOffset.TryParseExact(hashed, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)
            || !Digest.TryParse(manifest, null, out var digest))
        {
            return null;
        }

        var stamps = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            // No path has a control character in it.
            if (entry.IndexOf('\t', StringComparison.Ordinal) is var tab and > 0)
            {
                stamps[entry[..tab]] = entry[(tab + 1)..];
            }
        }

        return new ReleaseMark(digest, boot, at, stamps.ToImmutable());
    }

    /// <summary>Whole or not at all, but not durable: a lost one costs a hash.</summary>
    public void Write(string path)
    {
        var text = new StringBuilder()
            .Append(Form).Append('\n')
            .Append(Manifest.Value).Append('\n')
            .Append(BootId).Append('\n')
            .Append(HashedAt.ToString("O", CultureInfo.InvariantCulture)).Append('\n');
        foreach (var (entry, stamp) in Stamps)
        {
            text.Append(entry).Append('\t').Append(stamp).Append('\n');
        }

        Disk.Replace(path, Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>
    /// Where entries of any complete release look as a key does, they look as its value does now: their files got a name more, or
    /// one less. When they were last needed stays as it is.
    /// </summary>
    public static void Relink(ReleasePaths paths, IReadOnlyDictionary<string, string> stamps)
    {
        foreach (var release in stamps.Count == 0 ? [] : paths.Complete())
        {
            if (Read(paths.Mark(release)) is { } mark && mark.Stamps.Values.Any(stamps.ContainsKey))
            {
                var path = paths.Mark(release);
                var written = File.GetLastWriteTimeUtc(path);
                mark.Relinked(stamps).Write(path);
                File.SetLastWriteTimeUtc(path, written);
            }
        }
    }

    private ReleaseMark Relinked(IReadOnlyDictionary<string, string> stamps) => this with
    {
        Stamps = Stamps.SetItems(
            Stamps.Where(s => stamps.ContainsKey(s.Value)).Select(s => KeyValuePair.Create(s.Key, stamps[s.Value]))),
    };
}
