namespace Zurg.Cli.Client;

/// <summary>A master to ask, the token for it, and the directory whose cluster it is (null: it was named by address).</summary>
internal sealed record ClusterAddress(Uri Master, string TokenFile, string? Directory)
{
    public string ReadToken()
    {
        try
        {
            return File.ReadAllText(TokenFile).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbFailedException(
                $"the token file {TokenFile} cannot be read: {e.Message}", "name another one with --token-file FILE");
        }
    }
}

/// <summary>
/// Finds the cluster that a verb means: --master, then ZURG_MASTER, then the nearest .zurg/cluster.json upwards.
/// </summary>
internal static class ClusterLocator
{
    public const string DirectoryName = ".zurg";

    public static ClusterAddress Locate(Surroundings surroundings, string? master, string? tokenFile)
    {
        if ((master ?? surroundings.Variable("ZURG_MASTER")) is { } named)
        {
            return ByAddress(named, tokenFile ?? surroundings.Variable("ZURG_TOKEN_FILE"), surroundings);
        }

        for (var at = surroundings.WorkingDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            var directory = Path.Combine(at, DirectoryName);
            if (ClusterFile.Read(directory) is { } file)
            {
                return file.IsAlive()
                    ? new ClusterAddress(file.Master, tokenFile ?? file.TokenFile, directory)
                    : throw NotRunning(directory);
            }
        }

        throw new VerbFailedException(
            $"no cluster found: there is no {DirectoryName}/{ClusterFile.Name} in {surroundings.WorkingDirectory} or above it",
            "start one here with 'zurg dev', or name one with --master URL --token-file FILE");
    }

    public static VerbFailedException NotRunning(string directory) =>
        new($"the cluster of {directory} is not running", $"start it with: zurg dev --dir {directory}");

    /// <summary>The nearest .zurg directory upwards, running or not; null when there is none.</summary>
    public static string? FindDirectory(string from)
    {
        for (var at = from; at is not null; at = Path.GetDirectoryName(at))
        {
            if (Directory.Exists(Path.Combine(at, DirectoryName)))
            {
                return Path.Combine(at, DirectoryName);
            }
        }

        return null;
    }

    private static ClusterAddress ByAddress(string master, string? tokenFile, Surroundings surroundings)
    {
        if (!Uri.TryCreate(master, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new VerbFailedException(
                $"'{master}' is no address of a master", "it looks like http://127.0.0.1:7000", ExitCode.BadUsage);
        }

        return tokenFile is null
            ? throw new VerbFailedException(
                "a master named by address needs its token", "add --token-file FILE or set ZURG_TOKEN_FILE", ExitCode.BadUsage)
            : new ClusterAddress(url, Path.GetFullPath(tokenFile, surroundings.WorkingDirectory), null);
    }
}
