using System.Globalization;

namespace Zurg.Agent;

/// <summary>
/// One agent per directory: held by an open file, so the kernel lets go of it when the agent dies in whatever way.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <exception cref="IOException">Another agent has it.</exception>
    public static DirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, "lock");
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            TrySayWho(file);
            return new DirectoryLock(file);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new IOException($"another agent works in {directory}: {e.Message}", e);
        }
    }

    /// <summary>Only people read it: on a full disk an agent starts without.</summary>
    private static void TrySayWho(FileStream file)
    {
        try
        {
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
        }
        catch (IOException)
        {
            // The lock is held all the same.
        }
    }

    public void Dispose() => _file.Dispose();
}
