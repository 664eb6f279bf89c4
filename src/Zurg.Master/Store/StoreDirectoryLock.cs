using System.Globalization;
using Zurg.Loops;

namespace Zurg.Master.Store;

/// <summary>One master to a directory. The kernel lets go when the process ends, however it ends.</summary>
internal sealed class StoreDirectoryLock : IDisposable
{
    // EWOULDBLOCK, which is what flock says when another has the lock.
    private const int WouldBlock = 11;

    private readonly FileStream _file;

    private StoreDirectoryLock(FileStream file) => _file = file;

    /// <exception cref="StoreFaultException">Another process has it, or the directory cannot be written.</exception>
    public static StoreDirectoryLock Take(string directory)
    {
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB) on Linux.
            var path = Path.Combine(directory, "lock");
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            File.WriteAllText(OwnerPath(directory), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new StoreDirectoryLock(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var reason = e.HResult == WouldBlock && OwnerOf(directory) is { Length: > 0 } pid
                ? $"process {pid} has it open"
                : e.Message;
            throw new StoreFaultException($"the store in {directory} cannot be opened: {reason}", e);
        }
    }

    public void Dispose() => _file.Dispose();

    // A file beside the lock: .NET takes a lock for reading too, so that nobody else can read the locked one.
    private static string OwnerPath(string directory) => Path.Combine(directory, "owner");

    private static string? OwnerOf(string directory)
    {
        try
        {
            return File.ReadAllText(OwnerPath(directory));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
