using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>The terminal that a person sits at.</summary>
/// <param name="descriptor">Of it, open; stays the caller's.</param>
internal sealed unsafe partial class CallerTerminal(int descriptor)
{
    // struct termios is 60 bytes on glibc: room to spare for a later one.
    private const int SettingsSize = 256;
    private static readonly ExecWindow Usual = new(80, 24);

    /// <summary>What a terminal of 1978 had when this one does not know.</summary>
    public ExecWindow Window
    {
        get
        {
            const nuint getSize = 0x5413;
            var size = stackalloc ushort[4];
            return Control(descriptor, getSize, size) == 0 && size[0] > 0 && size[1] > 0
                ? new ExecWindow(size[1], size[0])
                : Usual;
        }
    }

    /// <summary>What is typed, byte by byte: the base library's own stream of it edits lines and echoes them.</summary>
    public Stream OpenInput() =>
        new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Read, bufferSize: 0, isAsync: false);

    /// <summary>Every key is passed on as it is typed, and nothing is echoed, until what is returned is disposed.</summary>
    /// <param name="resized">The size at once, and whenever it changes; from a thread of the pool.</param>
    /// <exception cref="IOException">It is no terminal.</exception>
    public IDisposable Enter(Action<ExecWindow> resized) => new RawMode(this, descriptor, resized);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetSettings(int descriptor, byte* settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetSettings(int descriptor, int when, byte* settings);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* settings);

    private sealed class RawMode : IDisposable
    {
        private const int Now = 0;

        private readonly Lock _lock = new();
        private readonly byte[] _before = new byte[SettingsSize];
        private readonly int _descriptor;
        private readonly List<PosixSignalRegistration> _signals = [];
        private bool _over;

        public RawMode(CallerTerminal terminal, int descriptor, Action<ExecWindow> resized)
        {
            _descriptor = descriptor;
            fixed (byte* before = _before)
            {
                if (GetSettings(descriptor, before) != 0)
                {
                    throw new IOException(Marshal.GetLastPInvokeErrorMessage());
                }
            }

            // The verbs' own SIGINT, SIGTERM and SIGHUP unwind to Dispose. SIGQUIT ends the process where it stands, and whoever
            // stopped it may have changed the terminal by the time it goes on.
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGQUIT, _ => Dispose()));
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => Begin()));
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => resized(terminal.Window)));
            Begin();
            resized(terminal.Window);
        }

        public void Dispose()
        {
            lock (_lock)
            {
                if (_over)
                {
                    return;
                }

                // At once: waiting for what is still to be shown could last for ever, when somebody has typed Ctrl-S.
                _over = true;
                fixed (byte* before = _before)
                {
                    _ = SetSettings(_descriptor, Now, before);
                }
            }

            _signals.ForEach(s => s.Dispose());
        }

        private void Begin()
        {
            var raw = stackalloc byte[SettingsSize];
            _before.CopyTo(new Span<byte>(raw, SettingsSize));
            MakeRaw(raw);
            lock (_lock)
            {
                if (!_over)
                {
                    _ = SetSettings(_descriptor, Now, raw);
                }
            }
        }
    }
}
