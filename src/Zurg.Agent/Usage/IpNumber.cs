using System.Buffers.Binary;
using System.Net;

namespace Zurg.Agent.Usage;

/// <summary>IP addresses as numbers of 128 bits, the shape in which connections are compared.</summary>
internal static class IpNumber
{
    private static readonly UInt128 MappedPrefix = (UInt128)0xffff << 32;

    public static UInt128 Mapped(uint v4) => MappedPrefix | v4;

    /// <summary>Null when it is no IP address.</summary>
    public static UInt128? Parse(string text)
    {
        Span<byte> bytes = stackalloc byte[16];
        return IPAddress.TryParse(text, out var address) && address.MapToIPv6().TryWriteBytes(bytes, out _)
            ? BinaryPrimitives.ReadUInt128BigEndian(bytes)
            : null;
    }

    public static string TextOf(UInt128 address)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        var ip = new IPAddress(bytes);
        return (ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).ToString();
    }
}
