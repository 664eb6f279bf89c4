using System.Diagnostics;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Zurg.Agent.Exec;
using Zurg.Agent.Processes;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

/// <summary>A terminal with somebody at it: what is typed, what is shown, and how it is set.</summary>
internal sealed class TestTerminal : IDisposable
{
    private const int ReadWriteNotOurs = 0x102;

    private readonly ExecEnds _ends;
    private readonly int _descriptor;

    public TestTerminal(int columns = 99, int rows = 33)
    {
        _ends = ExecEnds.OfTerminal(new ExecWindow(columns, rows));
        _descriptor = Libc.Open(Path, ReadWriteNotOurs, 0);
        Caller = new CallerTerminal(_descriptor);
    }

    public CallerTerminal Caller { get; }

    public string Path => _ends.Terminal!;

    /// <summary>Everything that stty(1) knows of it.</summary>
    public string Settings
    {
        get
        {
            var start = new ProcessStartInfo("stty", ["-F", Path, "-a"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            using var stty = Process.Start(start)!;
            var said = stty.StandardOutput.ReadToEnd();
            stty.WaitForExit();
            return said;
        }
    }

    public bool IsRaw => Settings.Contains("-icanon", StringComparison.Ordinal);

    public void Resize(int columns, int rows) => _ends.Resize(new ExecWindow(columns, rows));

    public void Type(string keys)
    {
        using var handle = new SafeFileHandle(_ends.Ours(ExecMessage.Input), ownsHandle: false);
        using var keyboard = new FileStream(handle, FileAccess.Write, bufferSize: 0);
        keyboard.Write(Encoding.ASCII.GetBytes(keys));
    }

    /// <summary>Its window is closed.</summary>
    public void HangUp() => _ends.CloseOurs();

    public void Dispose()
    {
        _ends.CloseOurs();
        _ = Libc.Close(_descriptor);
    }
}
