using System.Buffers.Binary;

namespace Zurg.Agent.Cores;

/// <summary>What a core dump says of itself: elf(5), the notes of a 64-bit core (linux/elfcore.h).</summary>
internal static class CoreFile
{
    private const int HeaderSize = 64;
    private const int SegmentSize = 56;
    private const int SegmentsMax = 100_000;
    private const int NotesMax = 16 * 1024 * 1024;
    private const ushort TypeCore = 4;
    private const uint SegmentNotes = 4;
    private const uint NoteProcess = 3;

    /// <summary>Inside NT_PRPSINFO on 64-bit machines: four bytes, padding, flags, uid, gid, then the pid.</summary>
    private const int PidOffset = 24;

    /// <summary>The pid of the process that was dumped; null when this is no core, a broken one, or one of 32 bits.</summary>
    public static int? PidOf(Stream core)
    {
        try
        {
            Span<byte> header = stackalloc byte[HeaderSize];
            core.Position = 0;
            core.ReadExactly(header);
            if (!header.StartsWith("\u007fELF\u0002\u0001"u8)
                || BinaryPrimitives.ReadUInt16LittleEndian(header[16..]) != TypeCore)
            {
                return null;
            }

            var start = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
            var count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
            return PidIn(core, start, Math.Min((int)count, SegmentsMax));
        }
        catch (Exception e) when (e is EndOfStreamException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static int? PidIn(Stream core, long start, int count)
    {
        Span<byte> segment = stackalloc byte[SegmentSize];
        for (var i = 0; i < count; i++)
        {
            core.Position = start + ((long)i * SegmentSize);
            core.ReadExactly(segment);
            if (BinaryPrimitives.ReadUInt32LittleEndian(segment) == SegmentNotes)
            {
                var size = BinaryPrimitives.ReadInt64LittleEndian(segment[32..]);
                core.Position = BinaryPrimitives.ReadInt64LittleEndian(segment[8..]);
                var notes = new byte[(int)Math.Clamp(size, 0, NotesMax)];
                core.ReadExactly(notes);
                return PidOf(notes);
            }
        }

        return null;
    }

    private static int? PidOf(ReadOnlySpan<byte> notes)
    {
        const int head = 12;
        while (notes.Length >= head)
        {
            var name = Padded(BinaryPrimitives.ReadInt32LittleEndian(notes));
            var size = BinaryPrimitives.ReadInt32LittleEndian(notes[4..]);
            var type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            var value = notes[(head + name)..];
            if (type == NoteProcess && size >= PidOffset + sizeof(int))
            {
                return BinaryPrimitives.ReadInt32LittleEndian(value[PidOffset..]);
            }

            notes = value[Padded(size)..];
        }

        return null;
    }

    private static int Padded(int size) => (size + 3) & ~3;
}
