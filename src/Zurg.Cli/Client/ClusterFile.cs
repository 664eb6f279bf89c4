using System.Text.Json;
using System.Text.Json.Serialization;

namespace Zurg.Cli.Client;

/// <summary>.zurg/cluster.json: where the cluster of a directory answers. Written whole, by rename, while it runs.</summary>
/// <param name="Master">The API's address.</param>
/// <param name="TokenFile">An absolute path.</param>
/// <param name="Pid">Of the process that runs it.</param>
internal sealed record ClusterFile(Uri Master, string TokenFile, int Pid)
{
    public const string Name = "cluster.json";

    /// <summary>Null when there is none, or one that cannot be read.</summary>
    public static ClusterFile? Read(string directory)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(directory, Name)), CliJson.Default.ClusterFile);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Write(string directory)
    {
        var whole = Path.Combine(directory, Name);
        var draft = whole + ".new";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(this, CliJson.Default.ClusterFile));
        File.Move(draft, whole, overwrite: true);
    }

    public bool IsAlive() => Directory.Exists($"/proc/{Pid}");
}

/// <summary>The files that the command line keeps for itself.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ClusterFile))]
[JsonSerializable(typeof(SeenFile))]
internal sealed partial class CliJson : JsonSerializerContext;
