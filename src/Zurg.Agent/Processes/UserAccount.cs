using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Zurg.Agent.Processes;

/// <summary>A user of this host (passwd(5)).</summary>
internal sealed record UserAccount(string Name, uint User, uint Group, string Home)
{
    private const int BufferSize = 16 * 1024;
    private const int GroupsMax = 1024;

    /// <summary>Null when this host does not know the name. May ask a directory server: seconds, when that is slow.</summary>
    public static unsafe UserAccount? Find(string name)
    {
        var entry = default(Passwd);
        var buffer = stackalloc byte[BufferSize];
        var error = Libc.UserByName(name, &entry, buffer, BufferSize, out var found);
        return error != 0 || found == 0
            ? null
            : new UserAccount(name, entry.User, entry.Group, Marshal.PtrToStringUTF8((nint)entry.Home) ?? "/");
    }

    /// <summary>The number of a group; null when this host does not know the name.</summary>
    public static unsafe uint? FindGroup(string name)
    {
        var entry = default(GroupEntry);
        var buffer = stackalloc byte[BufferSize];
        return Libc.GroupByName(name, &entry, buffer, BufferSize, out var found) == 0 && found != 0 ? entry.Group : null;
    }

    /// <summary>All groups that the host gives the user, the one given included.</summary>
    public static unsafe ImmutableArray<uint> GroupsOf(string user, uint group)
    {
        var groups = stackalloc uint[GroupsMax];
        var count = GroupsMax;
        _ = Libc.GroupsOf(user, group, groups, &count);
        return [.. new ReadOnlySpan<uint>(groups, Math.Min(count, GroupsMax))];
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Passwd
    {
        public byte* Name;
        public byte* Password;
        public uint User;
        public uint Group;
        public byte* Comment;
        public byte* Home;
        public byte* Shell;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct GroupEntry
    {
        public byte* Name;
        public byte* Password;
        public uint Group;
        public byte** Members;
    }
}
