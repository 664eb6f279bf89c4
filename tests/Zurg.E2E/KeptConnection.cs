using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Zurg.E2E;

/// <summary>One HTTP/1.1 connection that asks one request after another, keeps to itself, and sends nothing twice.</summary>
internal sealed class KeptConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TcpClient _tcp;
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;
    private long _asked = Stopwatch.GetTimestamp();
    private int _answers;

    public KeptConnection(int port)
    {
        _tcp = new TcpClient("127.0.0.1", port) { NoDelay = true };
        _stream = _tcp.GetStream();
        _stream.ReadTimeout = (int)Patience.TotalMilliseconds;
        _reader = new StreamReader(_stream, Encoding.ASCII);
    }

    /// <summary>So many were whole.</summary>
    public int Answers => Volatile.Read(ref _answers);

    /// <summary>From the question before to the last one.</summary>
    public TimeSpan Rested { get; private set; }

    public void Dispose()
    {
        _reader.Dispose();
        _tcp.Dispose();
    }

    /// <returns>The lines of the answer's head, once all of it has come; null when the connection was closed first.</returns>
    /// <exception cref="IOException">An answer was cut in its middle.</exception>
    public IReadOnlyCollection<string>? Ask(string request)
    {
        Rested = Stopwatch.GetElapsedTime(_asked);
        _asked = Stopwatch.GetTimestamp();
        var head = new List<string>();
        try
        {
            _stream.Write(Encoding.ASCII.GetBytes($"{request} HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n"));
            for (var line = Line(); line.Length > 0; line = Line())
            {
                head.Add(line);
            }
        }
        catch (IOException) when (head.Count == 0)
        {
            return null;
        }

        ReadBody(head);
        Interlocked.Increment(ref _answers);
        return head;
    }

    private void ReadBody(IEnumerable<string> head)
    {
        if (!head.Contains("Transfer-Encoding: chunked", StringComparer.Ordinal))
        {
            var length = head.Single(h => h.StartsWith("Content-Length: ", StringComparison.Ordinal)).Split(' ')[1];
            var body = new char[int.Parse(length, CultureInfo.InvariantCulture)];
            if (_reader.ReadBlock(body) < body.Length)
            {
                throw new IOException("the answer was cut");
            }

            return;
        }

        while (Line() is not "0")
        {
        }

        Line();
    }

    private string Line() => _reader.ReadLine() ?? throw new IOException("the connection was closed");
}
