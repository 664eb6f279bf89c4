using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Zurg.E2E;

/// <summary>
/// Passes HTTP on to a master, as slowly as it is told to, and counts what comes back. A master answers to its own address alone,
/// so the Host of each request is made that.
/// </summary>
internal sealed class SlowRelay : IAsyncDisposable
{
    private const int PieceBytes = 16 * 1024;

    /// <returns>False: the connection ends here.</returns>
    private delegate bool TryChange(Span<byte> sent);

    private readonly TcpListener _listener = new(IPAddress.Loopback, port: 0);
    private readonly CancellationTokenSource _disposed = new();
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private readonly int _target;
    private long _bytes;

    public SlowRelay(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Passed on so far, from the target to those who dialled.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Bytes a second of each connection from the target; null: as they come.</summary>
    public int? Rate { get; set; }

    /// <summary>A connection on which somebody asks for a release or its bytes is cut; sessions go on.</summary>
    public bool CutsReleases { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposed.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            _connections.Add(PassAsync(await _listener.AcceptSocketAsync(_disposed.Token)));
        }
    }

    /// <summary>When one end is gone, so is the other: a killed agent must not be waited for.</summary>
    private async Task PassAsync(Socket from)
    {
        using var near = from;
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await far.ConnectAsync(IPAddress.Loopback, _target, _disposed.Token);
        await Task.WhenAny(
            CopyAsync(near, far, TryPassOn, _ => ValueTask.CompletedTask), CopyAsync(far, near, _ => true, CountAsync));
    }

    private bool TryPassOn(Span<byte> sent)
    {
        if (CutsReleases && (sent.StartsWith("GET /v1/releases/"u8) || sent.StartsWith("GET /v1/artifacts/"u8)))
        {
            return false;
        }

        NameMaster(sent);
        return true;
    }

    /// <summary>The kernel picks ports of five digits for both, so nothing moves.</summary>
    private void NameMaster(Span<byte> sent)
    {
        var (ours, theirs) = (Named(Port), Named(_target));
        Assert.Equal(ours.Length, theirs.Length);
        if (sent.IndexOf(ours) is >= 0 and var at)
        {
            theirs.CopyTo(sent[at..]);
        }
    }

    private static byte[] Named(int port) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Host: 127.0.0.1:{port}\r\n"));

    private async ValueTask CountAsync(int read)
    {
        Interlocked.Add(ref _bytes, read);
        if (Rate is { } rate)
        {
            await Task.Delay(TimeSpan.FromSeconds((double)read / rate), _disposed.Token);
        }
    }

    private async Task CopyAsync(Socket from, Socket to, TryChange change, Func<int, ValueTask> passed)
    {
        var buffer = new byte[PieceBytes];
        while (await from.ReceiveAsync(buffer, _disposed.Token) is var read and > 0 && change(buffer.AsSpan(0, read)))
        {
            for (var sent = 0; sent < read;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _disposed.Token);
            }

            await passed(read);
        }
    }
}
