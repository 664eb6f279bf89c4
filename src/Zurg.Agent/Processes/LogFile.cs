namespace Zurg.Agent.Processes;

/// <summary>What a process writes to: always at the end of the file, also when several do.</summary>
internal static class LogFile
{
    private const int WriteAppendCreateCloseOnExec = 0x1 | 0x400 | 0x40 | 0x80000;

    /// <summary>Created readable for the agent's user and group alone.</summary>
    /// <returns>A file descriptor; hand it to <see cref="Close"/>.</returns>
    /// <exception cref="IOException">It cannot be written to.</exception>
    public static int Open(string path)
    {
        const uint userAndGroup = 0x1A0;
        var fd = Libc.Open(path, WriteAppendCreateCloseOnExec, userAndGroup);
        return fd >= 0 ? fd : throw new IOException($"{path} cannot be opened for writing: {Libc.Text(Libc.LastError)}");
    }

    public static void Close(int fd) => _ = Libc.Close(fd);
}
