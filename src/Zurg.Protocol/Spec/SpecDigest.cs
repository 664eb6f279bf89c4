using System.Text.Json;

namespace Zurg.Protocol;

/// <summary>
/// The digest of an instance spec: SHA-256 of its JSON. Taken once, when a spec is applied, and stored beside it.
/// </summary>
public static class SpecDigest
{
    public static Digest Of(InstanceSpec spec) =>
        Digest.Of(JsonSerializer.SerializeToUtf8Bytes(spec, WireJson.Default.InstanceSpec));
}
