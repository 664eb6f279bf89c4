using System.Globalization;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Agent.Cores;

/// <summary>Where a host's kernel leaves core dumps; tests have kernels of their own.</summary>
internal sealed record CoreSettings
{
    public string PatternFile { get; init; } = "/proc/sys/kernel/core_pattern";

    public string UsesPidFile { get; init; } = "/proc/sys/kernel/core_uses_pid";

    /// <summary>Where systemd-coredump puts what the kernel pipes to it (coredump.conf(5)).</summary>
    public string SystemdDirectory { get; init; } = "/var/lib/systemd/coredump";
}

/// <summary>Where a core dump is, or why there is none to be had.</summary>
internal abstract record CoreSearch
{
    private CoreSearch()
    {
    }

    /// <param name="IsOurs">To take away; else it belongs to systemd-coredump and is copied.</param>
    public sealed record Found(string Path, bool IsOurs) : CoreSearch;

    public sealed record Absent(string Why) : CoreSearch;
}

/// <summary>Looks for the core dump of a process that has just ended.</summary>
internal sealed class CoreFinder(CoreSettings settings, TimeProvider time)
{
    /// <summary>systemd-coredump compresses after the process is gone.</summary>
    public static readonly TimeSpan CompressedWithin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    public async Task<CoreSearch> FindAsync(DumpedProcess dumped, CancellationToken stop)
    {
        var pattern = CorePattern.Of(
            await File.ReadAllTextAsync(settings.PatternFile, stop),
            (await File.ReadAllTextAsync(settings.UsesPidFile, stop)).Trim() != "0",
            dumped.Pid,
            dumped.Signal,
            dumped.Launch.WorkingDirectory);
        return pattern switch
        {
            CorePattern.None => new CoreSearch.Absent("kernel.core_pattern is empty, so the kernel writes none"),
            CorePattern.Piped { Program: var program } when program.EndsWith("/systemd-coredump", StringComparison.Ordinal) =>
                await FindCompressedAsync(dumped.Pid, stop),
            CorePattern.Piped { Program: var program } =>
                new CoreSearch.Absent($"the kernel gives core dumps to {program} (kernel.core_pattern)"),
            CorePattern.InFile place => FindFile(place, dumped.Pid),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static CoreSearch FindFile(CorePattern.InFile place, int pid)
    {
        if (place.Directory.Contains('*', StringComparison.Ordinal) || !Directory.Exists(place.Directory))
        {
            return new CoreSearch.Absent($"kernel.core_pattern puts it into {place.Directory}, which is not there");
        }

        var candidates = new DirectoryInfo(place.Directory).EnumerateFiles(place.Name)
            .Where(IsPlain).OrderByDescending(f => f.LastWriteTimeUtc).ToList();
        return candidates.Find(f => IsOf(f, pid)) is { } core
            ? new CoreSearch.Found(core.FullName, IsOurs: true)
            : new CoreSearch.Absent(
                $"there is none under {Path.Combine(place.Directory, place.Name)}: is the disk full, or core_pattern changed?");
    }

    /// <summary>A service may have made anything of that name: a link is not followed, and a pipe has no length.</summary>
    private static bool IsPlain(FileInfo file) => file.LinkTarget is null && file.Length > 0;

    private static bool IsOf(FileInfo file, int pid)
    {
        using var core = file.OpenRead();
        return CoreFile.PidOf(core) == pid;
    }

    private async Task<CoreSearch> FindCompressedAsync(int pid, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < CompressedWithin)
        {
            var found = Directory.Exists(settings.SystemdDirectory)
                ? new DirectoryInfo(settings.SystemdDirectory).EnumerateFiles($"core.*.{pid}.*")
                    .Where(f => IsPlain(f) && NamesPid(f.Name, pid)).MaxBy(f => f.LastWriteTimeUtc)
                : null;
            if (found is not null)
            {
                return new CoreSearch.Found(found.FullName, IsOurs: false);
            }

            await Task.Delay(LookAgain, time, stop);
        }

        return new CoreSearch.Absent($"systemd-coredump has put none into {settings.SystemdDirectory}: see coredump.conf(5)");
    }

    /// <summary>core.COMM.UID.BOOT.PID.TIME, and behind it how it is compressed; COMM may have dots in it.</summary>
    private static bool NamesPid(string name, int pid)
    {
        string[] parts = [.. name.Split('.').SkipLast(name[^1] is >= '0' and <= '9' ? 0 : 1)];
        return parts.Length >= 6
            && parts[^2] == pid.ToString(CultureInfo.InvariantCulture)
            && parts[^3] == ProcessStat.BootId.Replace("-", "", StringComparison.Ordinal);
    }
}
