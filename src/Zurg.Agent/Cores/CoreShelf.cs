using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Cores;

/// <summary>
/// The core dumps that this host keeps: a directory for each, with the dump and what it is of. For as long as one is here its
/// release is not removed, so that both can be opened together.
/// </summary>
/// <param name="quota">In bytes of disk; 0 keeps none.</param>
internal sealed partial class CoreShelf(AgentPaths paths, HostId host, long quota, ILogger logger) : IReleaseUse
{
    private const string About = "about.json";
    private const UnixFileMode OwnerReads = UnixFileMode.UserRead;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _gate = new();
    private ImmutableArray<CoreDump>? _kept;

    /// <summary>Those of the dumps that are kept.</summary>
    public ImmutableSortedSet<ReleaseId>? Releases => [.. Kept.Select(c => c.Release)];

    /// <summary>Newest first.</summary>
    public ImmutableArray<CoreDump> Kept
    {
        get
        {
            lock (_gate)
            {
                return [.. (_kept ??= Load()).Reverse()];
            }
        }
    }

    /// <summary>The file of a dump that is kept.</summary>
    public string? PathOf(string id) =>
        Kept.FirstOrDefault(c => c.Id == id) is { } core ? Path.Combine(Root, core.Id, core.File) : null;

    /// <summary>Takes a dump over, and lets older ones go for it.</summary>
    /// <param name="found">It holds what other people's memory held: only the agent's user may read what is made of it.</param>
    /// <returns>Null and why when it is not kept; it is then where it was.</returns>
    /// <exception cref="IOException">The disk is full, or something else is wrong with it; the dump is where it was.</exception>
    public (CoreDump? Kept, string? Why) Take(CoreSearch.Found found, DumpedProcess dumped)
    {
        var size = Disk.AllocatedBy(found.Path);
        if (size > quota)
        {
            return (null, CoreWords.TooBig(size, quota, found.Path));
        }

        lock (_gate)
        {
            var before = _kept ??= Load();
            var core = Describe(found.Path, size, dumped);
            Lay(found, core);
            var all = before.Add(core);
            var gone = CoreKeeping.Remove(all, quota);
            foreach (var old in gone)
            {
                Directory.Delete(Path.Combine(Root, old.Id), recursive: true);
            }

            _kept = all.RemoveRange(gone);
            return gone.Contains(core)
                ? (null, "older ones of its service are kept instead")
                : (core, null);
        }
    }

    private string Root => paths.Cores;

    private CoreDump Describe(string path, long size, DumpedProcess dumped)
    {
        var (assigned, name) = (dumped.Assigned, Path.GetFileName(path));
        var tree = paths.Release(assigned.Spec.Release) + "/";
        var program = dumped.Launch.Executable;
        return new CoreDump
        {
            Id = $"{assigned.Instance}-{dumped.Incarnation}",
            Host = host,
            Instance = assigned.Instance,
            Incarnation = dumped.Incarnation,
            Release = assigned.Spec.Release,
            Manifest = assigned.Manifest,
            Executable = program.StartsWith(tree, StringComparison.Ordinal) ? program[tree.Length..] : program,
            Pid = dumped.Pid,
            Signal = dumped.Signal,
            At = dumped.At,
            File = "core" + (Path.GetExtension(name) is ".zst" or ".lz4" or ".xz" ? Path.GetExtension(name) : ""),
            Size = new FileInfo(path).Length,
            DiskSize = size,
        };
    }

    /// <summary>Beside its place first: a directory with a name of its own is whole.</summary>
    private void Lay(CoreSearch.Found found, CoreDump core)
    {
        Directory.CreateDirectory(Root, OwnerOnly);
        var aside = Path.Combine(Root, core.Id + Disk.Unfinished);
        if (Directory.Exists(aside))
        {
            Directory.Delete(aside, recursive: true);
        }

        Directory.CreateDirectory(aside, OwnerOnly);
        Disk.Replace(Path.Combine(aside, About), JsonSerializer.SerializeToUtf8Bytes(core, WireJson.Default.CoreDump));
        var file = Path.Combine(aside, core.File);
        if (!found.IsOurs || !Disk.OnSameDevice(found.Path, Root))
        {
            SparseCopy.Make(found.Path, file);
        }
        else
        {
            File.Move(found.Path, file);
        }

        File.SetUnixFileMode(file, OwnerReads);
        Directory.Move(aside, Path.Combine(Root, core.Id));
        if (found.IsOurs)
        {
            File.Delete(found.Path);
        }
    }

    /// <summary>What an agent that died left half taken over is finished or removed. Oldest first.</summary>
    private ImmutableArray<CoreDump> Load()
    {
        if (!Directory.Exists(Root))
        {
            return [];
        }

        var kept = ImmutableArray.CreateBuilder<CoreDump>();
        foreach (var directory in Directory.EnumerateDirectories(Root).ToList())
        {
            if (Read(directory) is not { } core || !File.Exists(Path.Combine(directory, core.File)))
            {
                Log.NotWhole(logger, directory);
                Directory.Delete(directory, recursive: true);
                continue;
            }

            if (directory.EndsWith(Disk.Unfinished, StringComparison.Ordinal))
            {
                Directory.Move(directory, Path.Combine(Root, core.Id));
            }

            kept.Add(core);
        }

        return [.. kept.OrderBy(c => c.At).ThenBy(c => c.Incarnation)];
    }

    private static CoreDump? Read(string directory)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(directory, About)), WireJson.Default.CoreDump);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3701, LogLevel.Warning, "{Directory} holds no whole core dump and is removed")]
        public static partial void NotWhole(ILogger logger, string directory);
    }
}
