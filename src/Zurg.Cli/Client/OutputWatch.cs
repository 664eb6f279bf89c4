using System.Runtime.InteropServices;

namespace Zurg.Cli.Client;

/// <summary>Tells when nobody reads the output any more, also while nothing is written: zurg events -f | head -1.</summary>
internal static partial class OutputWatch
{
    private const int Output = 1;
    private const short Error = 0x8;
    private const short HangUp = 0x10;
    private const short NotOpen = 0x20;

    /// <summary>From a thread that ends with the process; on a file or a terminal that stays, never.</summary>
    public static void Start(Action closed) => new Thread(() => Wait(closed)) { IsBackground = true, Name = "output" }.Start();

    private static void Wait(Action closed)
    {
        // No event is asked for: poll(2) tells of errors and hang-ups all the same. A signal ends it early.
        var output = new Polled { Descriptor = Output };
        while (Poll(ref output, 1, Timeout.Infinite) < 1)
        {
        }

        if ((output.Happened & (Error | HangUp)) != 0 && (output.Happened & NotOpen) == 0)
        {
            closed();
        }
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref Polled polled, nuint count, int milliseconds);

    // struct pollfd of poll.h.
    private struct Polled
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }
}
