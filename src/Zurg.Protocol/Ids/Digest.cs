using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>A SHA-256 as 64 lower-case hex digits: of an artifact's bytes, a manifest, or an instance spec.</summary>
[JsonConverter(typeof(IdConverter<Digest>))]
public readonly record struct Digest(string Value) : IId<Digest>
{
    /// <summary>The first twelve digits: enough for people to tell two apart.</summary>
    public string Short => Value.Length > 12 ? Value[..12] : Value;

    public static Digest Of(ReadOnlySpan<byte> bytes) => new(Convert.ToHexStringLower(SHA256.HashData(bytes)));

    public static Digest Wrap(string value) => new(value);

    public static string? ProblemOf(string value) =>
        value.Length == 64 && value.All(char.IsAsciiHexDigitLower)
            ? null
            : $"'{Id.Shorten(value)}' is no digest: it must be 64 lower-case hex digits (SHA-256)";

    public static Digest Parse(string s, IFormatProvider? provider = null) => Id.Parse<Digest>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out Digest result) => Id.TryParse(s, out result);

    public int CompareTo(Digest other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
