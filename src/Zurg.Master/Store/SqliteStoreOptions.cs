using Zurg.Loops;

namespace Zurg.Master.Store;

/// <param name="Directory">Made when missing, mode 0700; holds nothing else than the store.</param>
internal sealed record SqliteStoreOptions(string Directory)
{
    public StoreHistoryLimits History { get; init; } = new();

    /// <summary>
    /// The database never grows over this; a commit that would faults as on a full disk. etcd's advice for its own file.
    /// </summary>
    public long FileBytesMax { get; init; } = 8L * 1024 * 1024 * 1024;
}
