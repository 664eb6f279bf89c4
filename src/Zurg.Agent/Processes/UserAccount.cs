using System.Runtime.InteropServices;

namespace Zurg.Agent.Processes;

/// <summary>A user of this host (passwd(5)).</summary>
internal sealed record UserAccount(string Name, uint User, uint Group, string Home)
{
    private const int BufferSize = 16 * 1024;

    /// <summary>Null when this host does not know the name.</summary>
    public static unsafe UserAccount? Find(string name)
    {
        var entry = default(Passwd);
        var buffer = stackalloc byte[BufferSize];
        var error = Libc.UserByName(name, &entry, buffer, BufferSize, out var found);
        return error != 0 || found == 0
            ? null
            : new UserAccount(name, entry.User, entry.Group, Marshal.PtrToStringUTF8((nint)entry.Home) ?? "/");
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
}
