using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Zurg.Agent.Usage;

/// <summary>
/// Which process has a socket, from the open files of processes. A search looks at all of them, so what was found is remembered
/// for as long as the socket is there, and those who had some before are looked at first.
/// </summary>
internal sealed partial class SocketOwners
{
    private const int LinkMax = 64;

    private readonly Dictionary<long, int?> _known = [];

    /// <summary>Searches of all processes so far.</summary>
    public long Searches { get; private set; }

    /// <summary>The pid for each of these sockets; null when no process that this user may look at has it.</summary>
    public IReadOnlyDictionary<long, int?> Of(IReadOnlySet<long> inodes)
    {
        foreach (var gone in _known.Keys.Where(i => !inodes.Contains(i)).ToList())
        {
            _known.Remove(gone);
        }

        var sought = inodes.Where(i => !_known.ContainsKey(i)).ToHashSet();
        if (sought.Count > 0)
        {
            var before = _known.Values.OfType<int>().Distinct().ToList();
            before.ForEach(pid => Search(pid, sought));
            if (sought.Count > 0)
            {
                Searches++;
                SearchAll(sought, [.. before]);
            }

            foreach (var hidden in sought)
            {
                _known[hidden] = null;
            }
        }

        return _known;
    }

    private void SearchAll(HashSet<long> sought, HashSet<int> done)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(directory.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && done.Add(pid))
            {
                Search(pid, sought);
                if (sought.Count == 0)
                {
                    return;
                }
            }
        }
    }

    private void Search(int pid, HashSet<long> sought)
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd")))
            {
                if (InodeOf(file) is { } inode && sought.Remove(inode))
                {
                    _known[inode] = pid;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is another user's.
        }
    }

    /// <summary>Its link reads socket:[INODE] (proc_pid_fd(5)).</summary>
    private static unsafe long? InodeOf(string file)
    {
        Span<byte> link = stackalloc byte[LinkMax];
        fixed (byte* buffer = link)
        {
            var length = (int)ReadLink(file, buffer, LinkMax);
            return length > 9 && link.StartsWith("socket:["u8) && Utf8Parser.TryParse(link[8..length], out long inode, out _)
                ? inode
                : null;
        }
    }

    [LibraryImport("libc", EntryPoint = "readlink", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint ReadLink(string path, byte* buffer, nuint size);
}
