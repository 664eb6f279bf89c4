using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Zurg.Bench;

/// <summary>
/// Debian's monit, which watches programs as we do: each second it looks whether the process lives and connects to its port. It
/// checks one after the other and does not see an exit before its next round.
/// </summary>
internal sealed class MonitServer : IAsyncDisposable
{
    private readonly Process _monit;
    private readonly List<Process> _programs;

    private MonitServer(Process monit, List<Process> programs) => (_monit, _programs) = (monit, programs);

    public int Pid => _monit.Id;

    /// <param name="directory">Made.</param>
    public static async Task<MonitServer> StartAsync(string directory, int count, CancellationToken stop)
    {
        Directory.CreateDirectory(directory);
        var program = await DebianPackage.EnsureAsync("monit", "usr/bin/monit", stop);
        var serve = Path.Combine(directory, "serve");
        await File.WriteAllTextAsync(serve, OneHostCluster.Program, stop);
        File.SetUnixFileMode(serve, (UnixFileMode)0b111_000_000);
        var programs = new List<Process>();
        var control = new StringBuilder(
            $"set daemon 1\nset logfile {directory}/monit.log\nset pidfile {directory}/monit.pid\n"
            + $"set idfile {directory}/monit.id\nset statefile {directory}/monit.state\n");
        for (var i = 0; i < count; i++)
        {
            var port = LoopbackPort.Free();
            var start = new ProcessStartInfo(serve);
            start.Environment["PORT_HTTP"] = port.ToString(CultureInfo.InvariantCulture);
            programs.Add(Process.Start(start)!);
            var pidfile = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{i}.pid"));
            await File.WriteAllTextAsync(pidfile, programs[i].Id.ToString(CultureInfo.InvariantCulture), stop);
            control.Append(
                CultureInfo.InvariantCulture,
                $"check process p{i} with pidfile {pidfile}\n  if failed host 127.0.0.1 port {port} type tcp then alert\n");
        }

        var file = Path.Combine(directory, "monitrc");
        await File.WriteAllTextAsync(file, control.ToString(), stop);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new MonitServer(Process.Start(program, ["-I", "-c", file]), programs);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _programs.Prepend(_monit))
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
