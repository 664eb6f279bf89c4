namespace Zurg.Agent;

/// <summary>The token that this agent shows to masters, read anew for each use: it may be changed without a restart.</summary>
internal static class AgentToken
{
    /// <exception cref="IOException">The file cannot be read, or holds no text that can stand in a header.</exception>
    public static async Task<string> ReadAsync(string file, CancellationToken stop)
    {
        var token = (await File.ReadAllTextAsync(file, stop)).Trim();
        return token.Length > 0 && !token.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? token
            : throw new IOException($"{file} holds no token: one word of ASCII characters");
    }
}
