using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Zurg.Tests.Sdk;

/// <summary>A server that misbehaves as told: reads one request a time and then does as it likes with the connection.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<int, NetworkStream, Task<bool>> _answer;
    private int _requests;

    /// <param name="answer">Given the request's number from 1; false ends the connection.</param>
    public RawServer(Func<int, NetworkStream, Task<bool>> answer)
    {
        _answer = answer;
        _listener.Start();
        Accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Requests whose head, and content if it has some, arrived.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public Task Accepting { get; }

    public static async Task<bool> OkAsync(NetworkStream stream)
    {
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        return true;
    }

    public void Dispose() => _listener.Stop();

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                open.Add(ServeAsync(await _listener.AcceptSocketAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var head = new StringBuilder();
        var one = new byte[1];
        try
        {
            while (await stream.ReadAsync(one) == 1)
            {
                head.Append((char)one[0]);
                if (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                {
                    continue;
                }

                var length = head.ToString().Split("\r\n")
                    .FirstOrDefault(h => h.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
                await stream.ReadExactlyAsync(new byte[int.Parse(length?.Split(':')[1] ?? "0", CultureInfo.InvariantCulture)]);
                head.Clear();
                if (!await _answer(Interlocked.Increment(ref _requests), stream))
                {
                    return;
                }
            }
        }
        catch (IOException)
        {
            // The client went first.
        }
    }
}
