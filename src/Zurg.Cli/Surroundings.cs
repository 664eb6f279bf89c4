using System.Collections.Immutable;

namespace Zurg.Cli;

/// <summary>What a verb may know of the process it runs in: read once here, an argument everywhere else.</summary>
internal sealed record Surroundings
{
    public required string WorkingDirectory { get; init; }

    public required TimeProvider Time { get; init; }

    public required ImmutableSortedDictionary<string, string> Environment { get; init; }

    /// <summary>Null: sockets of its own. Tests answer for the master here.</summary>
    public HttpMessageHandler? Http { get; init; }

    /// <summary>Calls back when nobody reads the output any more. Null where that is not watched.</summary>
    public Action<Action>? WatchOutput { get; init; }

    /// <summary>What stdin is; null when that is no terminal.</summary>
    public Client.CallerTerminal? Terminal { get; init; }

    public string? Variable(string name) => Environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>Who says it was them: ZURG_AUTHOR, or user@machine.</summary>
    public string Author =>
        Variable("ZURG_AUTHOR")
        ?? $"{Variable("USER") ?? Variable("LOGNAME") ?? System.Environment.UserName}@{System.Environment.MachineName}";

    public static Surroundings OfProcess() => new()
    {
        WorkingDirectory = Directory.GetCurrentDirectory(),
        Time = TimeProvider.System,
        WatchOutput = Console.IsOutputRedirected ? Client.OutputWatch.Start : null,
        Terminal = Console.IsInputRedirected ? null : new Client.CallerTerminal(0),
        Environment = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, Variables()),
    };

    // Only these: reading every variable into a map would let a verb depend on one that nobody documented.
    private static IEnumerable<KeyValuePair<string, string>> Variables() =>
        from name in (string[])
        ["ZURG_MASTER", "ZURG_TOKEN_FILE", "ZURG_AUTHOR", "ZURG_ROOT", "USER", "LOGNAME", "HOME", "XDG_STATE_HOME", "TERM"]
        let value = System.Environment.GetEnvironmentVariable(name)
        where value is not null
        select KeyValuePair.Create(name, value);
}
