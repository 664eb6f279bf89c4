using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>What an author saw as the newest spec.</summary>
/// <param name="Seen">Null: whatever it is (If-Match: *).</param>
internal readonly record struct IfMatch(SpecNumber? Seen)
{
    /// <summary>The header, or why it cannot be used.</summary>
    public static (IfMatch? Value, string? Problem) Read(string? header) => header?.Trim() switch
    {
        null or "" => (null, null),
        "*" => (new IfMatch(null), null),
        var text when SpecNumber.TryParse(text.Trim('"'), null, out var number) => (new IfMatch(number), null),
        _ => (null, "If-Match must be the number of a spec in quotes, such as \"3\", or *"),
    };

    public bool Allows(SpecNumber newest) => Seen is null || Seen == newest;
}
