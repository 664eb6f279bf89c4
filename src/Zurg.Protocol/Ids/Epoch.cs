using System.Globalization;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// A fencing token: of a role, of an agent's run. The newer one wins; writes of the older are refused (SAFETY.md E1).
/// </summary>
[JsonConverter(typeof(CounterConverter<Epoch>))]
public readonly record struct Epoch(long Value) : ICounter<Epoch>
{
    public Epoch Next => new(Value + 1);

    public static Epoch Wrap(long value) => new(value);

    public static Epoch Parse(string s, IFormatProvider? provider = null) => new(long.Parse(s, CultureInfo.InvariantCulture));

    public static bool TryParse(string? s, IFormatProvider? provider, out Epoch result)
    {
        var valid = long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        result = new Epoch(value);
        return valid;
    }

    public int CompareTo(Epoch other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(Epoch left, Epoch right) => left.Value < right.Value;

    public static bool operator >(Epoch left, Epoch right) => left.Value > right.Value;

    public static bool operator <=(Epoch left, Epoch right) => left.Value <= right.Value;

    public static bool operator >=(Epoch left, Epoch right) => left.Value >= right.Value;
}
