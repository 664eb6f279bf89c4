using System.Globalization;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// Orders what one host must run: the store revision at which that last changed. An agent refuses an older one than it has.
/// </summary>
[JsonConverter(typeof(CounterConverter<Generation>))]
public readonly record struct Generation(long Value) : ICounter<Generation>
{
    public Generation Next => new(Value + 1);

    public static Generation Wrap(long value) => new(value);

    public static Generation Parse(string s, IFormatProvider? provider = null) =>
        new(long.Parse(s, CultureInfo.InvariantCulture));

    public static bool TryParse(string? s, IFormatProvider? provider, out Generation result)
    {
        var valid = long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        result = new Generation(value);
        return valid;
    }

    public int CompareTo(Generation other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(Generation left, Generation right) => left.Value < right.Value;

    public static bool operator >(Generation left, Generation right) => left.Value > right.Value;

    public static bool operator <=(Generation left, Generation right) => left.Value <= right.Value;

    public static bool operator >=(Generation left, Generation right) => left.Value >= right.Value;
}
