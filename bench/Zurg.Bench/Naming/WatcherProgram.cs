using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Zurg.Bench;

/// <summary>
/// The inside of the process of watchers: <c>zurg-bench naming-watchers zurg|etcd PORT WHERE COUNT</c>. It says "ready" when all
/// are connected; then for each port that it reads "expecting", and "seen TICKS" when the last watcher has seen it.
/// </summary>
internal sealed class WatcherProgram
{
    public const string Verb = "naming-watchers";

    /// <summary>Connections that are being opened at one time: fewer than a listener's backlog.</summary>
    private const int OpeningMax = 100;

    private int _left;
    private int _change;
    private byte[] _marker = [];

    /// <summary>Grows with each change.</summary>
    public int Change => Volatile.Read(ref _change);

    /// <summary>Bytes that are in what is said of the change, and of no other one.</summary>
    public ReadOnlySpan<byte> Marker => Volatile.Read(ref _marker);

    public static async Task<int> RunAsync(string[] args)
    {
        var (protocol, port, where) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), args[2]);
        var count = int.Parse(args[3], CultureInfo.InvariantCulture);
        var program = new WatcherProgram();
        var address = new IPEndPoint(IPAddress.Loopback, port);
        try
        {
            using var opening = new SemaphoreSlim(OpeningMax);
            await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
            {
                await opening.WaitAsync();
                INamingWatch watch = protocol == "etcd" ? new EtcdWatch(port, where) : new ZurgWatch(port, where);
                await new Watcher(program, watch).OpenAsync(address);
                opening.Release();
            }));
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException)
        {
            Say($"failed {e.Message}");
            return 1;
        }

        Say("ready");
        while (Console.In.ReadLine() is { } line)
        {
            program.Expect(line, count);
            Say("expecting");
        }

        return 0;
    }

    /// <summary>A watcher has what is expected.</summary>
    public void Seen()
    {
        var now = Stopwatch.GetTimestamp();
        if (Interlocked.Decrement(ref _left) == 0)
        {
            Say(string.Create(CultureInfo.InvariantCulture, $"seen {now}"));
        }
    }

    /// <summary>A watcher that lost its connection makes the whole measurement worthless.</summary>
    public static void Fail(string reason)
    {
        Say($"failed {reason}");
        Environment.Exit(1);
    }

    private void Expect(string port, int count)
    {
        Volatile.Write(ref _left, count);
        Volatile.Write(ref _marker, Encoding.ASCII.GetBytes($":{port}}}"));
        Interlocked.Increment(ref _change);
    }

    private static void Say(string line)
    {
        lock (Console.Out)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }
}
