using System.Diagnostics;

namespace Zurg.Bench;

/// <summary>Processes that may open as many files as thousands of connections need.</summary>
internal static class OpenFiles
{
    private const int Wanted = 65_536;

    /// <summary>
    /// The program, with its limit raised. Where that is not allowed it keeps the one that it has, which may be enough.
    /// </summary>
    /// <param name="log">Where what it says goes; null: where ours goes.</param>
    public static ProcessStartInfo Raised(string program, IEnumerable<string> arguments, string? log = null)
    {
        var script = $"ulimit -n {Wanted} 2>/dev/null || ulimit -n $(ulimit -H -n); exec \"$0\" \"$@\"";
        return new ProcessStartInfo("/bin/sh", ["-c", log is null ? script : $"{script} >'{log}' 2>&1", program, .. arguments])
        {
            UseShellExecute = false,
        };
    }
}
