using System.Globalization;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>An address of the instance's own host whose connections its agent carries to a service.</summary>
/// <param name="Address">IPv4, of 127.0.0.0/8.</param>
/// <param name="Number">The TCP port there, 1 to 65535.</param>
/// <param name="Port">Of the service; null: the one named http, else its only one.</param>
public sealed record UseSpec(ServiceName Service, string Address, int Number, PortName? Port = null)
{
    /// <summary>127.0.0.1:9981.</summary>
    [JsonIgnore]
    public string Listen => string.Create(CultureInfo.InvariantCulture, $"{Address}:{Number}");

    /// <summary>As in cluster.yaml: SERVICE or SERVICE/PORT.</summary>
    [JsonIgnore]
    public string Target => Port is { } port ? $"{Service}/{port}" : Service.Value;
}
