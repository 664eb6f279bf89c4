using System.Text.Json;
using Microsoft.Extensions.Logging;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>
/// The last known sets, one JSON object a line: consumers go on resolving from them across a restart of the agent.
/// </summary>
internal sealed partial class NamingFile(string path, NamingCache cache, ILogger<NamingFile> logger)
{
    /// <summary>How often services that nobody asks for are looked for, and a failed write is tried again.</summary>
    public static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(30);

    /// <summary>Gives the cache what is kept. A line that cannot be read is told and left out.</summary>
    public void Load()
    {
        foreach (var line in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            try
            {
                cache.Take(JsonSerializer.Deserialize(line, WireJson.Default.EndpointSet) ?? throw new JsonException("null"));
            }
            catch (JsonException e)
            {
                Log.NotRead(logger, path, e.Message);
            }
        }
    }

    /// <summary>Writes what changes, newest only, and once more at the end.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await cache.WaitForChangeAsync(SweepEvery, stop);
                cache.Forget();
                Save();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Save();
        }
    }

    private void Save()
    {
        try
        {
            using var text = new MemoryStream();
            foreach (var set in cache.Kept())
            {
                text.Write(JsonSerializer.SerializeToUtf8Bytes(set, WireJson.Default.EndpointSet));
                text.WriteByte((byte)'\n');
            }

            var bytes = text.ToArray();
            if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
            {
                Disk.WriteAtomically(path, bytes);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotWritten(logger, path, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3301, LogLevel.Warning, "A kept naming set in {Path} cannot be read and is left out: {Problem}")]
        public static partial void NotRead(ILogger logger, string path, string problem);

        [LoggerMessage(3302, LogLevel.Warning, "Naming cannot be kept in {Path}, trying again later: {Problem}")]
        public static partial void NotWritten(ILogger logger, string path, string problem);
    }
}
