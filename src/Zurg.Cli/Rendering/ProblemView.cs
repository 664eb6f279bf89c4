using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>
/// A failure in words: every problem with its place, the line of the file and a caret below it, and what to do.
/// </summary>
internal static class ProblemView
{
    /// <summary>
    /// Longer lines are shown from here on around the column, so that a hostile file cannot flood the terminal.
    /// </summary>
    private const int ExcerptMax = 120;

    public static void Write(VerbFailedException failure, Screen screen)
    {
        screen.Progress("");
        screen.Error(failure.Message);
        foreach (var problem in failure.Problems)
        {
            Write(problem, failure.Given, screen);
        }

        if (failure.Mend is { } mend)
        {
            screen.Hint(mend);
        }
    }

    /// <summary>The same in one line of JSON on the error stream, as the API says it; status 0: no master was asked.</summary>
    public static void WriteJson(VerbFailedException failure, Screen screen)
    {
        screen.Progress("");
        screen.Note(JsonSerializer.Serialize(
            new ApiProblem
            {
                Title = failure.Message,
                Status = failure.HttpStatus,
                Mend = failure.Mend,
                Problems = failure.Problems,
            },
            WireJson.Default.ApiProblem));
    }

    private static void Write(Problem problem, (string Name, string Text)? source, Screen screen)
    {
        var mend = problem.Mend is { } m ? $" ({m})" : "";
        var place = problem.Line is { } at ? $"{source?.Name ?? "cluster.yaml"}:{at}:{problem.Column ?? 1}: " : "";
        var path = problem.Path.Length > 0 && problem.Line is null ? $"{problem.Path}: " : "";
        screen.Note($"{place}{path}{problem.Text}{mend}");
        if (source is { } given && problem.Line is { } number && LineOf(given.Text, number) is { } line)
        {
            var column = Math.Clamp(problem.Column ?? 1, 1, line.Length + 1);
            var from = column > ExcerptMax ? column - (ExcerptMax / 2) : 1;
            var excerpt = line[(from - 1)..Math.Min(line.Length, from - 1 + ExcerptMax)];
            screen.Note($"  {number,4} | {excerpt.Replace('\t', ' ')}");
            screen.Note($"       | {new string(' ', column - from)}^");
        }
    }

    /// <param name="number">From 1.</param>
    private static string? LineOf(string text, int number)
    {
        using var reader = new StringReader(text);
        for (var i = 1; reader.ReadLine() is { } line; i++)
        {
            if (i == number)
            {
                return line;
            }
        }

        return null;
    }
}
