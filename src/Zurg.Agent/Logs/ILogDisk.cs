using Microsoft.Win32.SafeHandles;
using Zurg.Protocol;

namespace Zurg.Agent.Logs;

/// <summary>
/// What moving a log does to its segments and holes, call by call: the agent may die between any two of them, or in the middle
/// of one.
/// </summary>
internal interface ILogDisk
{
    /// <summary>A new segment without lines.</summary>
    /// <param name="durable">Its name is on the disk when this returns: it alone says from where on nothing was moved.</param>
    /// <exception cref="IOException">The disk is full, say; so for all the others.</exception>
    void Begin(SegmentFolder folder, long start, bool durable);

    void AppendTime(SegmentFile segment, LogTime time);

    /// <exception cref="FileNotFoundException">Somebody removed the segment.</exception>
    void Write(SegmentFile segment, ReadOnlySpan<byte> text, long at);

    /// <returns>How many were there to read.</returns>
    int Read(SegmentFile segment, Span<byte> text, long at);

    /// <summary>Takes back what a failed write left.</summary>
    void Cut(SegmentFile segment, long length);

    /// <summary>The segment's lines are on the disk when this returns.</summary>
    /// <param name="name">Its name too: once for each segment is enough.</param>
    void Flush(SegmentFolder folder, SegmentFile segment, bool name);

    /// <summary>False: the file system cannot do it.</summary>
    bool TryPunch(SafeFileHandle log, long from, long to);

    void Remove(SegmentFolder folder, long start);
}
