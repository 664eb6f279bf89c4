using System.Runtime.CompilerServices;

namespace Zurg.Tests.Support;

/// <summary>
/// A checked-in text of commands (lines that begin with "> ") and of what each printed. The commands are run again and the whole
/// text must come out the same. Record it anew, on purpose, with ZURG_RECORD=1 and review the difference.
/// </summary>
internal static class Transcript
{
    public static void Check(string name, Func<string, IEnumerable<string>> run)
    {
        var path = Path.Combine(Directory(), name + ".txt");
        var recorded = File.ReadAllLines(path);
        var printed = recorded.Where(IsScript)
            .SelectMany(line => IsCommand(line) ? run(line[2..]).Prepend(line) : [line])
            .ToArray();
        if (Environment.GetEnvironmentVariable("ZURG_RECORD") == "1")
        {
            File.WriteAllLines(path, printed);
            return;
        }

        var at = Enumerable.Range(0, Math.Max(recorded.Length, printed.Length))
            .FirstOrDefault(i => recorded.ElementAtOrDefault(i) != printed.ElementAtOrDefault(i), -1);
        Assert.True(at < 0, $"""
            {name}.txt line {at + 1} is no longer what happens.
              recorded: {recorded.ElementAtOrDefault(at)}
              now:      {printed.ElementAtOrDefault(at)}
            If that is on purpose: ZURG_RECORD=1 ./test, and review the difference.
            """);
    }

    /// <summary>Commands, comments and empty lines are the script; all else was printed.</summary>
    private static bool IsScript(string line) => line.Length == 0 || line[0] == '#' || IsCommand(line);

    private static bool IsCommand(string line) => line.StartsWith("> ", StringComparison.Ordinal);

    private static string Directory([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "Transcripts");
}
