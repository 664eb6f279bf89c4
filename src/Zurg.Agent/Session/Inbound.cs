using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Agent.Session;

/// <summary>One message of the master as this build can read it.</summary>
internal abstract record Inbound
{
    private Inbound()
    {
    }

    public sealed record Understood(MasterMessage Message) : Inbound;

    /// <summary>
    /// JSON, but a case or a shape of another build: it is left aside and the session goes on (DESIGN.md promise 8).
    /// </summary>
    public sealed record NotUnderstood(string Why) : Inbound;

    /// <summary>No JSON at all: whoever is at the other end cannot be listened to.</summary>
    public sealed record Broken(string Why) : Inbound;

    public static Inbound Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var message = JsonSerializer.Deserialize(bytes, WireJson.Default.MasterMessage);
            return message is not null && message != new MasterMessage()
                ? new Understood(message)
                : new NotUnderstood("it has no part that this build knows");
        }
        catch (JsonException e)
        {
            return IsJson(bytes) ? new NotUnderstood(e.Message) : new Broken(e.Message);
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
