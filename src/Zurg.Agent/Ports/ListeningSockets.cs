using System.Globalization;

namespace Zurg.Agent.Ports;

/// <summary>
/// Every socket that takes new connections, TCP and Unix, in the network namespace of one process (proc_pid_net(5)).
/// </summary>
internal static class ListeningSockets
{
    private const string Listening = "0A";

    /// <summary>__SO_ACCEPTCON of linux/net.h, as /proc/net/unix prints it.</summary>
    private const string Accepts = "00010000";

    /// <summary>Its link in /proc/PID/fd reads socket:[INODE].</summary>
    private const string SocketLink = "socket:[";

    private const int TcpInode = 9;
    private const int UnixFlags = 3;
    private const int UnixInode = 6;

    /// <summary>Inodes; null when they may not be looked at, or the process has ended.</summary>
    public static HashSet<long>? SeenBy(int pid)
    {
        var all = new HashSet<long>();
        var net = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/net");
        try
        {
            Add($"{net}/tcp", TcpInode, f => f[3] == Listening, all);
            if (File.Exists($"{net}/tcp6"))
            {
                Add($"{net}/tcp6", TcpInode, f => f[3] == Listening, all);
            }

            Add($"{net}/unix", UnixInode, f => f[UnixFlags] == Accepts, all);
            return all;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a process has one of these open; true when that cannot be seen.</summary>
    public static bool Has(int pid, IReadOnlySet<long>? inodes)
    {
        if (inodes is null)
        {
            return true;
        }

        try
        {
            return Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd"))
                .Any(fd => new FileInfo(fd).LinkTarget is { } link && link.StartsWith(SocketLink, StringComparison.Ordinal)
                    && long.TryParse(
                        link.AsSpan(SocketLink.Length, link.Length - SocketLink.Length - 1), NumberStyles.None,
                        CultureInfo.InvariantCulture, out var inode)
                    && inodes.Contains(inode));
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static void Add(string table, int inodeField, Func<string[], bool> isListening, HashSet<long> all)
    {
        foreach (var line in File.ReadLines(table).Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > inodeField && isListening(fields)
                && long.TryParse(fields[inodeField], NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
            {
                all.Add(inode);
            }
        }
    }
}
