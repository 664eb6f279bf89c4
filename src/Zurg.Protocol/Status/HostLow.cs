using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>Something that a host is short of. Its numbers are those of the moment when it became so.</summary>
/// <param name="Text">With numbers and the limit: disk / has 1.2 GiB of 60 GiB free, under the limit of 2 GiB.</param>
/// <param name="Mount">Of disks: where the file system is mounted.</param>
public sealed record HostLow(LowResource Resource, string Text, DateTimeOffset Since, string? Mount = null);

[JsonConverter(typeof(WireEnumConverter<LowResource>))]
public enum LowResource
{
    Unknown,
    Memory,

    /// <summary>Bytes of a file system.</summary>
    Disk,

    /// <summary>Inodes of a file system: full of small files it is as full as can be.</summary>
    Files,
}
