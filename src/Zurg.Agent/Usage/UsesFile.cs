using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Usage;

/// <summary>What was seen of uses, as it outlives the agent.</summary>
internal sealed record KeptUses(DateTimeOffset Since, ImmutableArray<UseSighting> Sightings);

/// <summary>
/// Who was seen to use what, in one file that is replaced when something changes. Its time says until when somebody watched. It
/// survives the agent; after a power loss the master knows it, but for the last moments.
/// </summary>
internal sealed partial class UsesFile(string path, ILogger<UsesFile> logger)
{
    private bool _failed;

    /// <summary>A file that cannot be read is told and begun anew: to watch is worth more than what was seen.</summary>
    public UseBook Load(DateTimeOffset now)
    {
        if (!File.Exists(path))
        {
            return UseBook.Begin(now);
        }

        try
        {
            var kept = JsonSerializer.Deserialize(File.ReadAllBytes(path), UsesJson.Default.KeptUses)
                ?? throw new JsonException("null");
            var at = new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero);
            return UseBook.GoOn(kept.Since, at, kept.Sightings.IsDefault ? [] : kept.Sightings, now);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            Log.NotRead(logger, path, e.Message);
            return UseBook.Begin(now);
        }
    }

    public bool TrySave(UseBook book) => Try(() => Disk.Replace(path, JsonSerializer.SerializeToUtf8Bytes(
        new KeptUses(book.Since, [.. book.Lines.Values.Select(l => l.Sighting)]), UsesJson.Default.KeptUses)));

    /// <summary>Nothing has changed until now.</summary>
    public bool TryTouch(DateTimeOffset now) => Try(() => File.SetLastWriteTimeUtc(path, now.UtcDateTime));

    /// <returns>False when it was not written, which is told once.</returns>
    private bool Try(Action write)
    {
        try
        {
            write();
            _failed = false;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_failed)
            {
                Log.NotWritten(logger, path, e.Message);
            }

            _failed = true;
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3901, LogLevel.Warning, "Who used what cannot be read from {Path} and is begun anew: {Problem}")]
        public static partial void NotRead(ILogger logger, string path, string problem);

        [LoggerMessage(3902, LogLevel.Warning,
            "Who uses what cannot be kept in {Path}, trying again; an agent started before knows less of it: {Problem}")]
        public static partial void NotWritten(ILogger logger, string path, string problem);
    }
}

/// <summary>The JSON of the file.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(KeptUses))]
internal sealed partial class UsesJson : JsonSerializerContext;
