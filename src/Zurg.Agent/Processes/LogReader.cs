using System.Text;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>Reads pieces of an instance's log, never cutting a UTF-8 character.</summary>
internal sealed class LogReader(AgentPaths paths, TimeProvider time)
{
    public const int BytesMax = 256 * 1024;

    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    /// <summary>A longest UTF-8 character: less cannot always hold one.</summary>
    private const int CharacterMax = 4;

    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(250);

    /// <summary>What is there after the offset, or comes within the wait; nothing is an answer too.</summary>
    public async ValueTask<LogChunk> ReadAsync(LogRequest request, CancellationToken stop)
    {
        var path = paths.Log(request.Instance);
        var started = time.GetTimestamp();
        var wait = request.Wait < WaitMax ? request.Wait : WaitMax;
        var pause = TimeSpan.FromMilliseconds(10);
        while (true)
        {
            var chunk = Read(path, request);
            var left = wait - time.GetElapsedTime(started);
            if (chunk.Text.Length > 0 || left <= TimeSpan.Zero)
            {
                return chunk;
            }

            // From here on the place is fixed, also when it was asked for from the end.
            request = chunk.Problem is null ? request with { Offset = chunk.Next } : request;
            await Task.Delay(pause < left ? pause : left, time, stop);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }

    private static LogChunk Read(string path, LogRequest request)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Read(file, request);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new LogChunk(
                request.Nonce, 0, 0, "", $"{request.Instance} has no log on this host: it was never started here");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new LogChunk(request.Nonce, 0, 0, "", $"the log cannot be read: {e.Message}");
        }
    }

    private static LogChunk Read(Microsoft.Win32.SafeHandles.SafeFileHandle file, LogRequest request)
    {
        var length = RandomAccess.GetLength(file);
        var offset = request.Offset < 0 ? Math.Max(0, length + request.Offset) : Math.Min(request.Offset, length);
        var buffer = new byte[Math.Clamp(request.BytesMax, CharacterMax, BytesMax)];
        var bytes = buffer.AsSpan(0, RandomAccess.Read(file, buffer, offset));
        if (request.Offset < 0)
        {
            // Counted from the end it can fall into the middle of a character.
            var skip = 0;
            while (skip < bytes.Length && skip < CharacterMax - 1 && (bytes[skip] & 0xC0) == 0x80)
            {
                skip++;
            }

            offset += skip;
            bytes = bytes[skip..];
        }

        bytes = bytes[..^Unfinished(bytes)];
        return new LogChunk(request.Nonce, offset, offset + bytes.Length, Encoding.UTF8.GetString(bytes));
    }

    /// <summary>How many bytes at the end begin a character that goes on after them.</summary>
    private static int Unfinished(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back < CharacterMax && back <= bytes.Length; back++)
        {
            var length = bytes[^back] switch
            {
                >= 0xF0 and < 0xF8 => 4,
                >= 0xE0 and < 0xF0 => 3,
                >= 0xC0 and < 0xE0 => 2,
                < 0x80 => 1,
                _ => 0,
            };
            if (length > 0)
            {
                return length > back ? back : 0;
            }
        }

        return 0;
    }
}
