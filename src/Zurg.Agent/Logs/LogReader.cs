using System.Text;
using Zurg.Protocol;

namespace Zurg.Agent.Logs;

/// <summary>Reads pieces of an instance's log, moved or not, never cutting a UTF-8 character.</summary>
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
            request = chunk.Problem is null ? request with { Offset = chunk.Next, Since = null } : request;
            await Task.Delay(pause < left ? pause : left, time, stop);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }

    private LogChunk Read(string path, LogRequest request)
    {
        try
        {
            using var log = new LogView(path);
            return Read(log, request);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            var problem = $"{request.Instance} has no log on this host: it was never started here, or somebody removed its log";
            return new LogChunk(request.Nonce, 0, 0, "", problem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new LogChunk(request.Nonce, 0, 0, "", $"the log cannot be read: {e.Message}");
        }
    }

    private LogChunk Read(LogView log, LogRequest request)
    {
        var offset = request.Offset < 0 ? log.Back(-request.Offset) : Math.Min(request.Offset, log.End);
        offset = log.Kept(Math.Max(offset, request.Since is { } since ? log.OffsetOf(since) : 0));
        var buffer = new byte[Math.Clamp(request.BytesMax, CharacterMax, BytesMax)];
        var (read, more) = log.Read(buffer, offset);
        if (read == 0 && more)
        {
            // Its segment was just removed for its age or size.
            offset = log.Kept(offset);
            (read, more) = log.Read(buffer, offset);
        }

        var bytes = buffer.AsSpan(0, read);
        if (request.Offset < 0 && offset > log.Start)
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

        bytes = more ? bytes : bytes[..^Unfinished(bytes)];
        var next = offset + bytes.Length;
        return new LogChunk(request.Nonce, offset, next, Encoding.UTF8.GetString(bytes))
        {
            End = log.End,
            Times = bytes.IsEmpty ? [] : log.TimesOf(offset, next, time.GetUtcNow()),
        };
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
