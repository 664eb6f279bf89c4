using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>
/// Which spec a person had seen as the newest when they last applied, planned or showed one from a file. An apply says it, so
/// that nobody overwrites what a colleague applied meanwhile without knowing.
/// </summary>
/// <param name="Files">By the file's absolute path; for a cluster named by address with the address before it.</param>
internal sealed record SeenFile(ImmutableSortedDictionary<string, long> Files)
{
    private const string Name = "seen.json";

    /// <summary>0 when nothing was ever seen.</summary>
    public static SpecNumber Of(ClusterAddress cluster, string file, Surroundings surroundings) =>
        new(Read(PathOf(cluster, surroundings)).Files.GetValueOrDefault(KeyOf(cluster, file)));

    public static void Remember(ClusterAddress cluster, string file, SpecNumber number, Surroundings surroundings)
    {
        var path = PathOf(cluster, surroundings);
        var seen = Read(path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var next = new SeenFile(seen.Files.SetItem(KeyOf(cluster, file), number.Value));
            File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(next, CliJson.Default.SeenFile));
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A read-only home costs a question at the next apply, not this one.
        }
    }

    private static SeenFile Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(
                File.ReadAllBytes(path), CliJson.Default.SeenFile) is { Files: not null } seen ? seen : Empty;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return Empty;
        }
    }

    private static SeenFile Empty => new(ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));

    private static string KeyOf(ClusterAddress cluster, string file) =>
        cluster.Directory is null ? $"{cluster.Master} {file}" : file;

    private static string PathOf(ClusterAddress cluster, Surroundings surroundings) =>
        Path.Combine(cluster.Directory ?? Path.Combine(StateHome(surroundings), "zurg"), Name);

    // XDG Base Directory Specification 0.8.
    private static string StateHome(Surroundings surroundings) =>
        surroundings.Variable("XDG_STATE_HOME") ?? Path.Combine(surroundings.Variable("HOME") ?? "/", ".local/state");
}
