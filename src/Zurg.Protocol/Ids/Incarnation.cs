using System.Globalization;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// Counts the starts of one instance on one host. A restart is a new incarnation; phases of one only move forward.
/// </summary>
[JsonConverter(typeof(CounterConverter<Incarnation>))]
public readonly record struct Incarnation(long Value) : ICounter<Incarnation>
{
    public Incarnation Next => new(Value + 1);

    public static Incarnation Wrap(long value) => new(value);

    public static Incarnation Parse(string s, IFormatProvider? provider = null) =>
        new(long.Parse(s, CultureInfo.InvariantCulture));

    public static bool TryParse(string? s, IFormatProvider? provider, out Incarnation result)
    {
        var valid = long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        result = new Incarnation(value);
        return valid;
    }

    public int CompareTo(Incarnation other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(Incarnation left, Incarnation right) => left.Value < right.Value;

    public static bool operator >(Incarnation left, Incarnation right) => left.Value > right.Value;

    public static bool operator <=(Incarnation left, Incarnation right) => left.Value <= right.Value;

    public static bool operator >=(Incarnation left, Incarnation right) => left.Value >= right.Value;
}
