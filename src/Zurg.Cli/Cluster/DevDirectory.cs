using System.Globalization;
using System.Text;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Cluster;

/// <summary>The directory of a one-process cluster: lock, cluster.json, seen.json, zurg.log, master/, hosts/HOST/.</summary>
internal sealed class DevDirectory : IDisposable
{
    private readonly FileStream held;

    private DevDirectory(string path, FileStream held) => (Path, this.held) = (path, held);

    /// <summary>Absolute.</summary>
    public string Path { get; }

    public string Master => System.IO.Path.Combine(Path, "master");

    public string Log => System.IO.Path.Combine(Path, "zurg.log");

    public string Host(HostId host) => System.IO.Path.Combine(Path, "hosts", host.Value);

    /// <summary>
    /// Short and the same at every start: a Unix address holds 107 bytes, and directories are deeper than that.
    /// </summary>
    public static string SocketsOf(string path) => System.IO.Path.Combine(
        RuntimeDirectory(), "zurg", "d-" + Digest.Of(Encoding.UTF8.GetBytes(path)).Short[..8]);

    public string Socket(HostId host) => System.IO.Path.Combine(SocketsOf(Path), host.Value + ".sock");

    /// <exception cref="VerbFailedException">Another process runs this directory's cluster, or it cannot be written.</exception>
    public static DevDirectory Take(string path)
    {
        try
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new DevDirectory(
                path,
                new FileStream(
                    System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new VerbFailedException($"{path} cannot be used: {e.Message}", "name another directory with --dir DIR");
        }
        catch (IOException)
        {
            var who = ClusterFile.Read(path) is { } file && file.IsAlive()
                ? string.Create(CultureInfo.InvariantCulture, $" by process {file.Pid}, and answers at {file.Master}")
                : "";
            throw new VerbFailedException(
                $"the cluster of {path} is already run{who}",
                "use it from here with zurg status, or start another one with --dir DIR");
        }
    }

    /// <summary>Removes everything but the lock: what a cluster that was killed left running, too.</summary>
    public async Task ClearAsync(CancellationToken stop)
    {
        await Leftovers.KillAsync(SocketsOf(Path), stop);
        foreach (var entry in new DirectoryInfo(Path).EnumerateFileSystemInfos().Where(e => e.Name != "lock"))
        {
            if (entry is DirectoryInfo directory && entry.LinkTarget is null)
            {
                Unseal(directory);
                directory.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }

    public void Dispose()
    {
        File.Delete(System.IO.Path.Combine(Path, ClusterFile.Name));
        held.Dispose();
    }

    // Releases are laid out read-only; only root could remove them as they are.
    private static void Unseal(DirectoryInfo directory)
    {
        directory.UnixFileMode |= UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        foreach (var below in directory.EnumerateDirectories().Where(d => d.LinkTarget is null))
        {
            Unseal(below);
        }
    }

    internal static string RuntimeDirectory() =>
        Environment.IsPrivilegedProcess ? "/run"
        : Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own ? own
        : System.IO.Path.GetTempPath();
}
