using System.Text.RegularExpressions;

namespace Zurg.Tests.Tidy;

/// <summary>STYLE.md: the shape of files, dead words, and what no source may do.</summary>
public sealed class ShapeTests
{
    private const int FileLinesMax = 400;
    private const int MethodLinesMax = 70;
    private const int ColumnsMax = 130;
    // Names of the framework's and of xunit's.
    private static readonly string[] Foreign =
    [
        "ITestOutputHelper", "TestOutputHelper", "WebUtility", "WebUtilities", "MethodImpl", "MethodImplOptions",
    ];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public void No_file_is_longer_than_400_lines() =>
        Repository.AssertNone(Repository.AllCode.Where(f => Repository.Read(f).Split('\n').Length > FileLinesMax + 1));

    [Fact]
    public void No_line_is_longer_than_130_columns() => Repository.AssertNone(
        from file in Repository.AllCode
        from line in Repository.Read(file).Split('\n').Select((text, i) => (Text: text, Number: i + 1))
        where line.Text.Length > ColumnsMax
        select $"{file}:{line.Number} has {line.Text.Length} columns");

    [Fact]
    public void No_method_is_longer_than_70_lines() => Repository.AssertNone(Repository.AllCode.SelectMany(LongMethods));

    [Fact]
    public void No_identifier_has_a_dead_word()
    {
        const string words = @"\b\w*(?:Slave|slave|Dto|DTO|Manager|Helper|Util(?:s|ities)?|Impl)(?![a-z])\w*\b";
        var dead = new Regex(words, RegexOptions.ExplicitCapture, Patience);
        Repository.AssertNone(
            from file in Repository.AllCode
            where !file.Contains("/Tidy/", StringComparison.Ordinal)
            from match in dead.Matches(WithoutTextAndComments(Repository.Read(file)))
            where !Foreign.Contains(match.Value, StringComparer.Ordinal)
            select $"{file}: {match.Value}");
    }

    [Fact]
    public void No_test_is_skipped_without_a_reason()
    {
        var bare = new Regex(@"Skip\s*=\s*""\s*""|Skip\s*=\s*(?:null|string\.Empty)", RegexOptions.None, Patience);
        var code = Repository.AllCode.Where(f => !f.Contains("/Tidy/", StringComparison.Ordinal));
        Repository.AssertNone(code.Where(f => bare.IsMatch(Repository.Read(f))));
    }

    [Theory]
    [InlineData(@"(?:[;{}]\s*|_ = )Task\.Run\(", "every task has an owner: keep what Task.Run returns")]
    [InlineData(@"\basync void\b", "every task has an owner")]
    [InlineData(@"(?:Async\([^()]*\)|\b[tT]ask)\.(?:Result|Wait\(\))", "every wait is awaited")]
    [InlineData(@"\.GetAwaiter\(\)\.GetResult\(\)", "every wait is awaited")]
    [InlineData(@"^\s*_ = \w+Async\(", "every task has an owner")]
    [InlineData(@"\bCreateUnbounded\b", "every queue has a named limit")]
    [InlineData(@"\bservice locator\b|\bGetRequiredService<IServiceProvider>", "constructors tell the truth")]
    public void No_source_does_what_nobody_can_own(string pattern, string why)
    {
        var found = new Regex(pattern, RegexOptions.Multiline | RegexOptions.ExplicitCapture, Patience);
        var wrong = Repository.Sources.Where(f => found.IsMatch(WithoutTextAndComments(Repository.Read(f))));
        Repository.AssertNone(wrong.Select(f => $"{f}: {why}"));
    }

    [Fact]
    public void No_tracked_file_names_a_private_path_or_a_private_registry()
    {
        // In pieces, so that this file does not name them either.
        string[] foreign = ["/wo" + "rk/", "/home/" + "runner", "/tm" + "p/w/", "/Us" + "ers/", "art" + "ifactory"];
        Repository.AssertNone(
            from file in Repository.Files
            where !file.EndsWith(".png", StringComparison.Ordinal)
            let text = Repository.Read(file)
            from name in foreign
            where text.Contains(name, StringComparison.OrdinalIgnoreCase)
            select $"{file} names {name}");
    }

    /// <summary>A member that begins at four (or, nested, eight) spaces and ends with a brace there.</summary>
    private static IEnumerable<string> LongMethods(string file)
    {
        var lines = Repository.Read(file).Split('\n');
        for (var i = 1; i < lines.Length; i++)
        {
            var indent = lines[i].Length - lines[i].TrimStart().Length;
            if (lines[i].Trim() != "{" || indent is not (4 or 8) || !IsMethod(lines, i, indent))
            {
                continue;
            }

            var end = Array.FindIndex(lines, i, l => l.StartsWith(new string(' ', indent) + "}", StringComparison.Ordinal));
            if (end - i - 1 > MethodLinesMax)
            {
                yield return $"{file}:{i} has a method of {end - i - 1} lines";
            }
        }
    }

    // The lines above the brace, up to an empty one, hold a parameter list and no word of a type.
    private static bool IsMethod(string[] lines, int brace, int indent)
    {
        var head = "";
        for (var i = brace - 1; i >= 0 && lines[i].Trim() is { Length: > 0 } line && !line.StartsWith("//"); i--)
        {
            head = lines[i].Trim() + " " + head;
            if (lines[i].Length - lines[i].TrimStart().Length == indent && !lines[i].TrimStart().StartsWith('['))
            {
                break;
            }
        }

        const string type = @"\b(class|record|struct|interface|enum)\b";
        return head.Contains('(', StringComparison.Ordinal) && !Regex.IsMatch(head, type, RegexOptions.ExplicitCapture, Patience);
    }

    internal static string WithoutTextAndComments(string code) =>
        Regex.Replace(code, "//[^\n]*|\"(?:\\\\.|[^\"\\\\\n])*\"", "", RegexOptions.None, Patience);
}
