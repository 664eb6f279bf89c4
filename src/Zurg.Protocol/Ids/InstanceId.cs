using System.Globalization;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>One slot of a service on one host: service.index, for example web.0. Safe as a file name and in a URL.</summary>
[JsonConverter(typeof(IdConverter<InstanceId>))]
public readonly record struct InstanceId(ServiceName Service, int Index) : IId<InstanceId>
{
    public string Value => string.Create(CultureInfo.InvariantCulture, $"{Service}.{Index}");

    public static InstanceId Wrap(string value)
    {
        var dot = value.LastIndexOf('.');
        return new InstanceId(new ServiceName(value[..dot]), int.Parse(value.AsSpan(dot + 1), CultureInfo.InvariantCulture));
    }

    public static string? ProblemOf(string value)
    {
        var dot = value.LastIndexOf('.');
        var valid = dot > 0
            && ServiceName.ProblemOf(value[..dot]) is null
            && int.TryParse(value.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && value.AsSpan(dot + 1).Equals(index.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return valid ? null : $"'{Id.Shorten(value)}' is no instance: it must be SERVICE.INDEX, for example web.0";
    }

    public static InstanceId Parse(string s, IFormatProvider? provider = null) => Id.Parse<InstanceId>(s);

    public static bool TryParse(string? s, IFormatProvider? provider, out InstanceId result) => Id.TryParse(s, out result);

    public int CompareTo(InstanceId other) =>
        Service.CompareTo(other.Service) is var order and not 0 ? order : Index.CompareTo(other.Index);

    public override string ToString() => Value;
}
