using System.Buffers.Binary;
using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent.Logs;

/// <summary>
/// When a segment's lines were read: 16 bytes for each block that was moved at once, the offset in the log and the milliseconds
/// since 1970, both little-endian. It is written before the lines: an entry whose lines never came is overruled by the next one.
/// </summary>
internal static class TimesFile
{
    public const int EntryBytes = 16;

    /// <exception cref="IOException">The disk is full.</exception>
    public static void Append(string path, LogTime time)
    {
        Span<byte> entry = stackalloc byte[EntryBytes];
        BinaryPrimitives.WriteInt64LittleEndian(entry, time.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], time.At.ToUnixTimeMilliseconds());
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

        // An entry that was cut short by a full disk or a power cut is written over.
        var length = RandomAccess.GetLength(file);
        RandomAccess.Write(file, entry, length - (length % EntryBytes));
    }

    /// <summary>In the order they were written; empty when the file is gone.</summary>
    public static ImmutableArray<LogTime> Read(string path)
    {
        byte[] bytes;
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bytes = new byte[RandomAccess.GetLength(file)];
            bytes = bytes[..RandomAccess.Read(file, bytes, 0)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }

        var times = ImmutableArray.CreateBuilder<LogTime>(bytes.Length / EntryBytes);
        for (var at = 0; at + EntryBytes <= bytes.Length; at += EntryBytes)
        {
            var milliseconds = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at + 8));
            times.Add(new LogTime(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at)), TimeOf(milliseconds)));
        }

        return times.ToImmutable();
    }

    private static DateTimeOffset TimeOf(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
        milliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
