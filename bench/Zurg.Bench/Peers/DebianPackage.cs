using System.Diagnostics;

namespace Zurg.Bench;

/// <summary>A peer that cannot be installed, started or asked.</summary>
internal sealed class PeerException(string message) : Exception(message);

/// <summary>
/// A peer from Debian, unpacked into a directory of ours: no install scripts run, no service is started, nothing is left in the
/// system. Its libraries must be there already; they are for programs that need libc only.
/// </summary>
internal static class DebianPackage
{
    private static readonly TimeSpan CommandTime = TimeSpan.FromMinutes(5);

    /// <summary>The path of a program of the package: the system's own when it is installed.</summary>
    /// <param name="program">Inside the package, such as usr/bin/etcd.</param>
    /// <exception cref="PeerException">Neither installed nor to be had; says what to do.</exception>
    public static async Task<string> EnsureAsync(string package, string program, CancellationToken stop)
    {
        if (File.Exists("/" + program))
        {
            return "/" + program;
        }

        var directory = Directory.CreateDirectory(Path.GetFullPath(Path.Combine(".build", "peers", package))).FullName;
        var path = Path.Combine(directory, program);
        if (!File.Exists(path))
        {
            Console.WriteLine($"fetching Debian's {package} into {directory}");
            await DownloadAsync(package, directory, stop);
            var archive = Directory.GetFiles(directory, $"{package}_*.deb").Order(StringComparer.Ordinal).Last();
            await DemandAsync("dpkg-deb", ["-x", archive, directory], directory, stop);
        }

        return File.Exists(path) ? path : throw new PeerException($"{package} has no {program}");
    }

    private static async Task DownloadAsync(string package, string directory, CancellationToken stop)
    {
        if (await TryAsync("apt-get", ["download", "-q", package], directory, stop) is null)
        {
            return;
        }

        if (Environment.UserName != "root")
        {
            throw new PeerException($"install it as root first: apt-get update && apt-get install {package}");
        }

        Console.WriteLine("apt-get update");
        await DemandAsync("apt-get", ["update", "-q"], directory, stop);
        await DemandAsync("apt-get", ["download", "-q", package], directory, stop);
    }

    private static async Task DemandAsync(string program, string[] arguments, string directory, CancellationToken stop)
    {
        if (await TryAsync(program, arguments, directory, stop) is { } trouble)
        {
            throw new PeerException($"{program} {string.Join(' ', arguments)}: {trouble}");
        }
    }

    /// <summary>Null when it went well, else what it said.</summary>
    private static async Task<string?> TryAsync(string program, string[] arguments, string directory, CancellationToken stop)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        try
        {
            using var process = Process.Start(start) ?? throw new PeerException($"{program} did not start");
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(CommandTime);
            var said = await Task.WhenAll(
                process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? null : $"exit code {process.ExitCode}: {said[1].Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
