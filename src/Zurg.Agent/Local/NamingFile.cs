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

    private readonly Lock _lock = new();
    private long _saved = -1;

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

    /// <summary>
    /// Writes what changes, newest only, and once more at the end; durably: a master may be away after a power loss.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await cache.WaitForChangeAsync(SweepEvery, stop);
                cache.Forget();
                Save();
                Sync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Save();
            Sync();
        }
    }

    /// <summary>When it returns, an agent that is killed has left all that is known now, unless the disk is full.</summary>
    public void Save()
    {
        lock (_lock)
        {
            var version = cache.Version;
            if (version != _saved && Try(() => Disk.Replace(path, Text())))
            {
                _saved = version;
            }
        }
    }

    private byte[] Text()
    {
        using var text = new MemoryStream();
        foreach (var set in cache.Kept())
        {
            text.Write(JsonSerializer.SerializeToUtf8Bytes(set, WireJson.Default.EndpointSet));
            text.WriteByte((byte)'\n');
        }

        return text.ToArray();
    }

    private void Sync() => Try(() =>
    {
        using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
        {
            file.Flush(flushToDisk: true);
        }

        Disk.SyncDirectory(Path.GetDirectoryName(path)!);
    });

    private bool Try(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotWritten(logger, path, e.Message);
            return false;
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
