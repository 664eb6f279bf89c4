using System.Globalization;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>The store's counter: one more with every commit. 0 is before everything, or: 'must not exist'.</summary>
[JsonConverter(typeof(CounterConverter<Revision>))]
public readonly record struct Revision(long Value) : ICounter<Revision>
{
    public Revision Next => new(Value + 1);

    public static Revision Wrap(long value) => new(value);

    public static Revision Parse(string s, IFormatProvider? provider = null) => new(long.Parse(s, CultureInfo.InvariantCulture));

    public static bool TryParse(string? s, IFormatProvider? provider, out Revision result)
    {
        var valid = long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        result = new Revision(value);
        return valid;
    }

    public int CompareTo(Revision other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(Revision left, Revision right) => left.Value < right.Value;

    public static bool operator >(Revision left, Revision right) => left.Value > right.Value;

    public static bool operator <=(Revision left, Revision right) => left.Value <= right.Value;

    public static bool operator >=(Revision left, Revision right) => left.Value >= right.Value;
}
