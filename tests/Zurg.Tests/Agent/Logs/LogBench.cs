using System.Text;
using Zurg.Agent;
using Zurg.Agent.Logs;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Logs;

/// <summary>A directory with the log of web.0, what a process appends to it, and what can be read of it.</summary>
internal sealed class LogBench : IDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly byte[] _buffer = new byte[LogMover.PieceBytesMax];
    private readonly TemporaryDirectory? _temporary;

    /// <param name="directory">Null: a temporary one.</param>
    public LogBench(string? directory = null)
    {
        _temporary = directory is null ? new TemporaryDirectory() : null;
        Paths = new AgentPaths(directory ?? _temporary!.Path);
        Directory.CreateDirectory(Paths.Logs);
        Mover = new LogMover(Log, Disk);
    }

    /// <summary>The least there is: segments of 64 KiB, 512 KiB in all.</summary>
    public static LogBound Small { get; } = new(LogBounds.ShareMin, TimeSpan.FromHours(8));

    public AgentPaths Paths { get; }

    public string Log => Paths.Log(AgentSamples.Web);

    public SegmentFolder Segments => new(Log);

    public LogMover Mover { get; private set; }

    /// <summary>What the next mover writes to.</summary>
    public ILogDisk Disk { get; set; } = LogDisk.Instance;

    public byte[] Buffer => _buffer;

    public void Dispose()
    {
        Mover.Dispose();
        _temporary?.Dispose();
    }

    public void Append(string text) => Append(Encoding.UTF8.GetBytes(text));

    public void Append(byte[] bytes)
    {
        using var file = new FileStream(Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
        file.Write(bytes);
    }

    public long Step(TimeSpan after = default, LogBound? bound = null) => Mover.Step(bound ?? Small, Noon + after, _buffer);

    /// <summary>What the next agent begins with.</summary>
    public void Restart()
    {
        Mover.Dispose();
        Mover = new LogMover(Log, Disk);
    }

    public Task<LogChunk> ReadAsync(long offset, int bytes, TimeSpan wait = default, DateTimeOffset? since = null) =>
        new LogReader(Paths, TimeProvider.System).ReadAsync(
            new LogRequest(1, AgentSamples.Web, offset, bytes, wait) { Since = since }, CancellationToken.None).AsTask();

    /// <summary>From the offset to the end, gaps left out.</summary>
    public async Task<string> ReadAllAsync(long offset = 0)
    {
        var text = new StringBuilder();
        while (await ReadAsync(offset, LogReader.BytesMax) is { Text.Length: > 0 } chunk)
        {
            text.Append(chunk.Text);
            offset = chunk.Next;
        }

        return text.ToString();
    }

    public static string Lines(int from, int count) =>
        string.Concat(Enumerable.Range(from, count).Select(i => $"line {i} of those that a test writes\n"));
}
