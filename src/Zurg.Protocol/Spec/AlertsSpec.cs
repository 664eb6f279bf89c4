using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>When people are told, and where.</summary>
public sealed record AlertsSpec
{
    public ImmutableArray<AlertReceiver> Receivers { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>A hold that lasts so long is told.</summary>
    public required TimeSpan HoldAfter { get; init; }

    /// <summary>A host that is silent for so long is told.</summary>
    public required TimeSpan SilentAfter { get; init; }

    /// <summary>So many ends that nobody asked for, within <see cref="CrashWindow"/>, are a crash loop.</summary>
    public required int Crashes { get; init; }

    public required TimeSpan CrashWindow { get; init; }
}

/// <param name="Url">http or https. Its path and query may be secret: only scheme, host and port are ever shown.</param>
/// <param name="TokenFile">On the master: its text is sent as a bearer token. Read anew for each request.</param>
public sealed record AlertReceiver(ReceiverKind Kind, string Url, string? TokenFile = null);

[JsonConverter(typeof(WireEnumConverter<ReceiverKind>))]
public enum ReceiverKind
{
    Unknown,
    Webhook,
    Alertmanager,
}
