using System.Diagnostics;
using System.Globalization;

namespace Zurg.Bench;

/// <summary>Debian's runsv, one for each service, as runsvdir would start them.</summary>
internal sealed class RunitServices : IAsyncDisposable
{
    private readonly List<Process> _supervisors = [];
    private readonly string _bin;

    private RunitServices(string bin) => _bin = bin;

    public static async Task<RunitServices> InstallAsync(CancellationToken stop) =>
        new(Path.GetDirectoryName(await DebianPackage.EnsureAsync("runit", "usr/bin/runsv", stop))!);

    /// <param name="directory">Made; one service directory in it for each.</param>
    /// <param name="limited">As another user with a limit of open files and processes, set by chpst.</param>
    public void Start(string directory, byte[] program, int count, bool limited)
    {
        for (var i = 0; i < count; i++)
        {
            var service = Directory.CreateDirectory(Path.Combine(directory, i.ToString(CultureInfo.InvariantCulture))).FullName;
            var serve = Path.Combine(service, limited ? "serve" : "run");
            File.WriteAllBytes(serve, program);
            Allow(serve);
            if (limited)
            {
                var run = Path.Combine(service, "run");
                File.WriteAllText(run, $"#!/bin/sh\nexec {_bin}/chpst -u nobody -o 1024 -p 4096 {serve}\n");
                Allow(run);
            }

            _supervisors.Add(Process.Start(Path.Combine(_bin, "runsv"), [service]));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var supervisor in _supervisors)
        {
            // TERM: stop the service, then yourself (runsv(8)).
            using var kill = Process.Start("/bin/kill", ["-TERM", supervisor.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        foreach (var supervisor in _supervisors)
        {
            await supervisor.WaitForExitAsync();
            supervisor.Dispose();
        }
    }

    private static void Allow(string path) => File.SetUnixFileMode(path, (UnixFileMode)0b101_101_101);
}
