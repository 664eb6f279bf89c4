using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Zurg.Cli.Cluster;

/// <summary>Processes that a cluster started and that still run, found by the socket's path in their environment.</summary>
internal static class Leftovers
{
    private static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(10);

    /// <param name="sockets">The directory of the cluster's sockets: no other cluster has the same.</param>
    public static ImmutableArray<int> Find(string sockets)
    {
        var mark = Encoding.UTF8.GetBytes($"ZURG_SOCKET={sockets}/");
        return
        [
            .. new DirectoryInfo("/proc").EnumerateDirectories()
                .Select(d => int.TryParse(d.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
                .Where(pid => pid > 0 && pid != Environment.ProcessId && Environ(pid).AsSpan().IndexOf(mark) >= 0),
        ];
    }

    public static async Task KillAsync(string sockets, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(GoneWithin);
        for (var left = Find(sockets); !left.IsEmpty; left = Find(sockets))
        {
            foreach (var pid in left)
            {
                Kill(pid);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }

    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // Gone meanwhile.
        }
    }

    private static byte[] Environ(int pid)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{pid}/environ");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // gone meanwhile, or somebody else's
        }
    }
}
