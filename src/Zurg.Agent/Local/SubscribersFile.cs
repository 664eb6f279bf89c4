using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>One subscription of a process to a service, as it outlives the agent.</summary>
/// <param name="AtLeast">It uses this revision or a newer one; 0 when nothing is known of it.</param>
internal sealed record KeptUse(
    ServiceName Service, int Pid, long StartTicks, string BootId, string Part, string Name, Revision AtLeast)
{
    public SubscriberId Subscriber => new(new ProcessIdentity(Pid, StartTicks, BootId), Part);

    public static KeptUse Of(ServiceName service, SubscriberUse use) => new(
        service,
        use.Subscriber.Process.Pid,
        use.Subscriber.Process.StartTicks,
        use.Subscriber.Process.BootId,
        use.Subscriber.Part,
        use.Name,
        use.Uses ?? new Revision(0));
}

/// <summary>
/// Who is to be waited for, a line each: written before it is given anything, so that an agent that is killed at any moment has
/// a successor that waits for the same processes. It need not survive a power loss: no process does.
/// </summary>
internal sealed partial class SubscribersFile(string path, ILogger<SubscribersFile> logger)
{
    private bool _failed;

    /// <summary>A line that cannot be read is told and left out: one that was never finished belongs to nobody.</summary>
    public ImmutableArray<KeptUse> Load()
    {
        var kept = ImmutableArray.CreateBuilder<KeptUse>();
        foreach (var line in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            try
            {
                kept.Add(JsonSerializer.Deserialize(line, KeptJson.Default.KeptUse) ?? throw new JsonException("null"));
            }
            catch (JsonException e)
            {
                Log.NotRead(logger, path, e.Message);
            }
        }

        return kept.ToImmutable();
    }

    /// <returns>False when it was not written, which is told once: consumers are worth more than the account of them.</returns>
    public bool TryAdd(KeptUse use) => Try(() =>
    {
        using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Write(LineOf(use));
    });

    /// <summary>All of them anew.</summary>
    public bool TryReplace(IEnumerable<KeptUse> uses) => Try(() =>
    {
        using var text = new MemoryStream();
        foreach (var use in uses)
        {
            text.Write(LineOf(use));
        }

        Disk.Replace(path, text.GetBuffer().AsSpan(0, (int)text.Length));
    });

    private static byte[] LineOf(KeptUse use) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(use, KeptJson.Default.KeptUse), (byte)'\n'];

    private bool Try(Action write)
    {
        try
        {
            write();
            return !(_failed = false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_failed)
            {
                Log.NotWritten(logger, path, e.Message);
            }

            return !(_failed = true);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3303, LogLevel.Warning, "A subscriber kept in {Path} cannot be read and is not waited for: {Problem}")]
        public static partial void NotRead(ILogger logger, string path, string problem);

        [LoggerMessage(3304, LogLevel.Warning,
            "Who uses what cannot be kept in {Path}, trying again; an agent started before would not wait for them: {Problem}")]
        public static partial void NotWritten(ILogger logger, string path, string problem);
    }
}

/// <summary>The JSON of the file.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(KeptUse))]
internal sealed partial class KeptJson : JsonSerializerContext;
