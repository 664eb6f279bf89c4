using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// A release's version: 1 to 64 letters, digits, '.', '-', '+' or '_', not starting with '.' or '-', so that it is safe as the
/// name of a directory and as a word of a URL. Zurg gives it no order: newer is what somebody asks for.
/// </summary>
[JsonConverter(typeof(IdConverter<ReleaseVersion>))]
public readonly record struct ReleaseVersion(string Value) : IId<ReleaseVersion>
{
    public static ReleaseVersion Wrap(string value) => new(value);

    public static string? ProblemOf(string value)
    {
        var valid = value.Length is >= 1 and <= 64
            && value[0] is not ('.' or '-')
            && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+' or '_');
        return valid
            ? null
            : $"'{Id.Shorten(value)}' is no release version: it must be 1 to 64 letters, digits, '.', '-', '+' or '_', "
                + "with a letter, digit or '_' first";
    }

    public static ReleaseVersion Parse(string s, IFormatProvider? provider = null) => Id.Parse<ReleaseVersion>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out ReleaseVersion result) => Id.TryParse(s, out result);

    public int CompareTo(ReleaseVersion other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
