using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Zurg.Tests.Sdk.AspNetCore;

/// <summary>An HTTP/1.1 client that keeps its one connection, never sends anything twice, and hides nothing.</summary>
internal sealed class KeptClient : IDisposable
{
    private readonly TcpClient _tcp = new() { NoDelay = true };

    private KeptClient()
    {
    }

    /// <summary>The last answer said that the connection is to be closed.</summary>
    public bool WasToldToGo { get; private set; }

    public static async Task<KeptClient> ConnectAsync(int port)
    {
        var client = new KeptClient();
        await client._tcp.ConnectAsync(IPAddress.Loopback, port);
        return client;
    }

    /// <summary>Status line and headers; the body has arrived whole.</summary>
    /// <exception cref="IOException">The connection ended first: to this client, an error.</exception>
    public async Task<string> AskAsync(string path = "/", string method = "POST")
    {
        await SendAsync($"{method} {path} HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n");
        return await ReadAsync();
    }

    public async Task SendAsync(string text) => await _tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    public async Task<string> ReadAsync()
    {
        var head = await ReadUntilAsync("\r\n\r\n");
        if (head.Contains("Transfer-Encoding: chunked", StringComparison.Ordinal))
        {
            await ReadUntilAsync("0\r\n\r\n");
        }
        else if (head.Contains("Content-Length:", StringComparison.Ordinal))
        {
            var length = head.Split("Content-Length: ")[1].Split("\r\n")[0];
            await _tcp.GetStream().ReadExactlyAsync(new byte[int.Parse(length, CultureInfo.InvariantCulture)]);
        }

        WasToldToGo = head.Contains("Connection: close", StringComparison.Ordinal);
        return head;
    }

    /// <summary>The server has closed the connection, and said nothing more on it.</summary>
    public async Task EndedAsync() =>
        Assert.Equal(0, await _tcp.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Eventually.Deadline));

    public void Dispose() => _tcp.Dispose();

    private async Task<string> ReadUntilAsync(string end)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            if (await _tcp.GetStream().ReadAsync(one).AsTask().WaitAsync(Eventually.Deadline) == 0)
            {
                throw new IOException($"the connection ended after '{text}'");
            }

            text.Append((char)one[0]);
        }

        return text.ToString();
    }
}
