using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>
/// Every text that the generated files of this host had, each text once, in one SQLite file. It is for people and for noticing
/// edits: a fault of it is told and holds nothing up. At most <see cref="PerFileMax"/> versions of a file,
/// <see cref="VersionsMax"/> in all and <see cref="BytesMax"/> of compressed text; the oldest go first, a file's newest never.
/// </summary>
internal sealed partial class ConfigHistory(string directory, TimeProvider time, ILogger logger) : IDisposable
{
    public const string FileName = "configs.db";
    public const int PerFileMax = 100;
    public const int VersionsMax = 20_000;
    public const long BytesMax = 64L * 1024 * 1024;

    private readonly Lock _lock = new();

    // What was kept by this run, also when the disk did not take it: else a full disk would look like an edit by hand.
    private readonly Dictionary<(InstanceId, string), (long Number, Digest Digest)> _newest = [];
    private ConfigTable? _table;

    /// <summary>The last text that was generated for the file; null when none ever was.</summary>
    public (long Number, Digest Digest)? Newest(InstanceId instance, string file)
    {
        lock (_lock)
        {
            return _newest.TryGetValue((instance, file), out var kept) ? kept
                : Try_NeedsLock(table => table.Newest(instance, file));
        }
    }

    /// <summary>Whether it was generated before: a crash may have come between the history and the file.</summary>
    public bool Knows(InstanceId instance, string file, Digest digest)
    {
        lock (_lock)
        {
            return Try_NeedsLock(table => (bool?)table.Knows(instance, file, digest)) ?? false;
        }
    }

    /// <summary>The number that the text got; 0 when the history has a fault.</summary>
    public long Keep(InstanceId instance, string file, string text, string why, bool byHand)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var version = new ConfigVersion
        {
            Number = 0,
            Instance = instance,
            File = file,
            At = time.GetUtcNow(),
            Digest = Digest.Of(bytes),
            Bytes = bytes.Length,
            ByHand = byHand,
            Why = why,
        };
        lock (_lock)
        {
            var number = Try_NeedsLock(table => (long?)table.Add(version, Compressed(bytes))) ?? 0;
            if (!byHand)
            {
                _newest[(instance, file)] = (number, version.Digest);
            }

            return number;
        }
    }

    /// <summary>It could not be written into its file after all.</summary>
    public void Drop(InstanceId instance, string file, long number)
    {
        lock (_lock)
        {
            _newest.Remove((instance, file));
            Write_NeedsLock(table => table.Remove(number));
        }
    }

    /// <summary>What an instance's newest texts were made from; null when that is not known.</summary>
    public ImmutableSortedDictionary<string, string>? InputsOf(InstanceId instance)
    {
        lock (_lock)
        {
            return Try_NeedsLock(table => table.InputsOf(instance));
        }
    }

    public void KeepInputs(InstanceId instance, ImmutableSortedDictionary<string, string> inputs)
    {
        lock (_lock)
        {
            Write_NeedsLock(table => table.PutInputs(instance, inputs));
        }
    }

    /// <summary>Files that were written under a process which may not go by them yet.</summary>
    public ImmutableSortedSet<string> Unread(InstanceId instance)
    {
        lock (_lock)
        {
            return Try_NeedsLock(table => table.Unread(instance)) ?? [];
        }
    }

    /// <summary>To be said before the file is written: what is not said then, nobody knows after a crash.</summary>
    public void KeepUnread(InstanceId instance, string file)
    {
        lock (_lock)
        {
            Write_NeedsLock(table => table.AddUnread(instance, file));
        }
    }

    /// <summary>The instance's process goes by all its files.</summary>
    public void DropUnread(InstanceId instance)
    {
        lock (_lock)
        {
            Write_NeedsLock(table => table.RemoveUnread(instance));
        }
    }

    /// <summary>Answers a master: the list, or a piece of one text.</summary>
    public ConfigAnswer Answer(ConfigRequest request)
    {
        var answer = new ConfigAnswer { Nonce = request.Nonce };
        lock (_lock)
        {
            return (request.Version is { } number
                    ? Try_NeedsLock(table => Piece(answer, table, request, number))
                    : Try_NeedsLock(table => answer with { Versions = table.List(request.Instance, ConfigAnswer.VersionsMax) }))
                ?? answer with { Problem = "the history of generated files cannot be read: see the log of the agent" };
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _table?.Dispose();
            _table = null;
        }
    }

    private static ConfigAnswer Piece(ConfigAnswer answer, ConfigTable table, ConfigRequest request, long number)
    {
        if (table.Find(request.Instance, number) is not { } found)
        {
            return answer with { Problem = $"{request.Instance} has no version {number} here: it was never made, or is too old" };
        }

        var text = Encoding.UTF8.GetString(Expanded(found.Body));
        var from = Math.Clamp(request.Offset, 0, text.Length);
        var to = Math.Min(from + ConfigAnswer.PieceMax, text.Length);

        // Half of a pair would not survive as UTF-8.
        to -= to < text.Length && char.IsHighSurrogate(text[to - 1]) ? 1 : 0;
        return answer with { Versions = [found.Version], Text = text[from..to], Next = to < text.Length ? to : null };
    }

    private void Write_NeedsLock(Action<ConfigTable> work) => Try_NeedsLock(table =>
    {
        work(table);
        return true;
    });

    /// <returns>Nothing, when the table has a fault.</returns>
    private T? Try_NeedsLock<T>(Func<ConfigTable, T?> work)
    {
        try
        {
            return work(_table ??= ConfigTable.Open(Path.Combine(directory, FileName)));
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Log.Fault(logger, Path.Combine(directory, FileName), e);
            _table?.Dispose();
            _table = null;
            return default;
        }
    }

    private static byte[] Compressed(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var packer = new DeflateStream(packed, CompressionLevel.Fastest))
        {
            packer.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Expanded(byte[] packed)
    {
        using var text = new MemoryStream();
        using var unpacker = new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
        unpacker.CopyTo(text);
        return text.ToArray();
    }

    private static partial class Log
    {
        [LoggerMessage(
            3501, LogLevel.Error, "The history of generated files, {Path}, has a fault; the files themselves are made")]
        public static partial void Fault(ILogger logger, string path, Exception e);
    }
}
