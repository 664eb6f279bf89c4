using Zurg.Cli.Client;

namespace Zurg.Cli.Verbs;

/// <summary>Which cluster.yaml is meant.</summary>
internal static class SpecFile
{
    public const string Name = "cluster.yaml";

    /// <summary>More is refused without being sent: the master takes no more either.</summary>
    public const int BytesMax = 1024 * 1024;

    /// <summary>The named one; else ./cluster.yaml; else the one beside the nearest .zurg. Absolute.</summary>
    public static string Of(VerbCall call, string? named)
    {
        var here = call.PathOf(named ?? Name);
        return named is null && !File.Exists(here)
            && ClusterLocator.FindDirectory(call.Surroundings.WorkingDirectory) is { } directory
            ? Path.Combine(Path.GetDirectoryName(directory)!, Name)
            : here;
    }

    public static string Read(string path)
    {
        try
        {
            return new FileInfo(path).Length > BytesMax
                ? throw new VerbFailedException($"{path} is larger than 1 MiB: no cluster.yaml is", "was another file meant?")
                : File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbFailedException($"{path} cannot be read: {e.Message}", "name the file: zurg apply FILE");
        }
    }
}
