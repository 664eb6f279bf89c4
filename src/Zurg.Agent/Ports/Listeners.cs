using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zurg.Agent.Processes;

namespace Zurg.Agent.Ports;

/// <summary>One listening TCP socket of this host.</summary>
internal readonly record struct Listener(IPAddress Address, long Inode);

/// <summary>
/// Who listens on a port, from /proc/net/tcp and /proc/net/tcp6 (proc_pid_net(5)) and the open files of processes.
/// </summary>
internal static class Listeners
{
    private const string Listening = "0A";

    /// <summary>Those to which a connection to the address could go; the one to which it does go first.</summary>
    public static List<Listener> On(IPAddress address, int port) =>
        [.. ReadAll(port).Where(l => IsReached(l.Address, address)).OrderBy(l => l.Address.Equals(address) ? 0 : 1)];

    /// <summary>
    /// All on the port, whatever address they are bound to. The kernel lists those that listen before the rest, of which a busy
    /// host has thousands; that it does so is not promised, so nothing found there means to look at all of it.
    /// </summary>
    public static List<Listener> ReadAll(int port) => Read(port, whole: false) is [_, ..] some ? some : Read(port, whole: true);

    private static List<Listener> Read(int port, bool whole)
    {
        var all = new List<Listener>();
        Read("/proc/net/tcp", port, whole, all);
        Read("/proc/net/tcp6", port, whole, all);
        return all;
    }

    /// <summary>Whether one of these processes has the socket open.</summary>
    public static bool Has(IEnumerable<int> pids, long inode)
    {
        var wanted = string.Create(CultureInfo.InvariantCulture, $"socket:[{inode}]");
        return pids.Any(pid => HasOpen(pid, wanted));
    }

    /// <summary>Words for people: who has the socket, if that may be known.</summary>
    public static string DescribeOwner(long inode)
    {
        var wanted = string.Create(CultureInfo.InvariantCulture, $"socket:[{inode}]");
        foreach (var process in ProcessStat.ReadAll())
        {
            if (HasOpen(process.Pid, wanted))
            {
                return ProcessStat.Describe(process.Pid);
            }
        }

        return "a process that this agent may not look at";
    }

    private static bool HasOpen(int pid, string wanted)
    {
        try
        {
            return Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd"))
                .Any(fd => new FileInfo(fd).LinkTarget == wanted);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode.</summary>
    private static void Read(string table, int port, bool whole, List<Listener> all)
    {
        if (!File.Exists(table))
        {
            return;
        }

        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var line in File.ReadLines(table).Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (!whole && fields.Length > 3 && fields[3] != Listening)
            {
                return;
            }

            if (fields.Length > 9 && fields[3] == Listening && fields[1].EndsWith(suffix, StringComparison.Ordinal)
                && long.TryParse(fields[9], NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
            {
                all.Add(new Listener(AddressOf(fields[1][..^suffix.Length]), inode));
            }
        }
    }

    /// <summary>
    /// The kernel prints the address as words of 32 bits, each in the machine's byte order: little-endian here.
    /// </summary>
    private static IPAddress AddressOf(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var word = 0; word < bytes.Length; word += 4)
        {
            Array.Reverse(bytes, word, 4);
        }

        var address = new IPAddress(bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static bool IsReached(IPAddress bound, IPAddress address) =>
        bound.Equals(address)
        || bound.Equals(IPAddress.IPv6Any)
        || (bound.Equals(IPAddress.Any) && address.AddressFamily == AddressFamily.InterNetwork);
}
