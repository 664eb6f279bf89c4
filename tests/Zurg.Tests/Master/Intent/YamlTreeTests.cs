using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Master.Intent;

namespace Zurg.Tests.Master.Intent;

/// <summary>A hostile file cannot hurt: no stack overflow, no exception, an answer in time.</summary>
public sealed class YamlTreeTests
{
    // Each takes under a second on an idle machine; what grew with the square of the size would take many minutes.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    public static TheoryData<string, int> Hostile()
    {
        var data = new TheoryData<string, int>();
        foreach (var shape in Shapes.Keys)
        {
            data.Add(shape, 50_000);
            data.Add(shape, 900_000);
        }
        return data;
    }

    private static readonly Dictionary<string, Func<int, string>> Shapes = new()
    {
        ["open brackets"] = size => new string('[', size),
        ["open braces"] = size => new string('{', size),
        ["brackets behind a key"] = size => "services: " + new string('[', size),
        ["brackets on lines"] = size => Repeat("[\n", size),
        ["dashes on one line"] = size => Repeat("- ", size),
        ["question marks"] = size => Repeat("? ", size),
        ["braces and keys"] = size => Repeat("{a: ", size),
        ["deep indentation"] = DeepIndentation,
        ["anchors"] = size => Repeat("&a ", size),
        ["aliases in a list"] = size => "a: [" + Repeat("*a,", size),
        ["tags"] = size => Repeat("!t ", size),
        ["one long word"] = size => new string('x', size),
        ["one long key"] = size => new string('x', size) + ": 1",
        ["one long quoted key"] = size => "? \"" + new string('x', size) + "\"\n: 1",
        ["many words in one list"] = size => "cells: [" + Repeat("a,", size) + "]",
        ["many unknown keys"] = size => string.Concat(Enumerable.Range(0, size / 10).Select(i => $"k{i:x6}: 1\n")),
        ["one key again and again"] = size => Repeat("services: 1\n", size),
        ["many services"] = size => "services:\n"
            + string.Concat(Enumerable.Range(0, size / 20).Select(i => $"  s{i:x6}: {{run: x}}\n")),
        ["many unknown dependencies"] = size =>
            "services:\n  a:\n    release: 1\n    run: x\n    depends_on: [" + Repeat("bcdefghi,", size) + "]",
        ["a circle of services"] = size => "services:\n" + string.Concat(
            Enumerable.Range(0, size / 60).Select(i =>
                $"  s{i}: {{release: 1, run: x, depends_on: [s{(i + 1) % (size / 60)}]}}\n")),
        ["many variables"] = size => "services: {a: {release: 1, run: x, args: [\"" + Repeat("${ports.x}", size) + "\"]}}",
        ["many settings used"] = size => "settings:\n" + string.Concat(Enumerable.Range(0, size / 30).Select(i => $"  s{i}: 1\n"))
            + "services: {a: {release: 1, run: x, args: [\""
                + string.Concat(Enumerable.Range(0, size / 30).Select(i => $"${{settings.s{i}}}")) + "\"]}}",
        ["spaces"] = size => new string(' ', size),
        ["tabs"] = size => new string('\t', size),
        ["comments"] = size => Repeat("#\n", size),
        ["colons"] = size => new string(':', size),
        ["quotes"] = size => new string('"', size),
        ["percent signs"] = size => new string('%', size),
        ["documents"] = size => Repeat("---\n", size),
        ["block text"] = size => "a: |\n" + Repeat(" x\n", size),
        ["folded quotes"] = size => "a: \"" + Repeat("x\n ", size) + "\"",
        ["escapes"] = size => "a: \"" + Repeat("\\x41", size) + "\"",
        ["words over lines"] = size => "a: b\n" + Repeat("  b\n", size),
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_hostile_file_gets_an_answer_in_time(string shape, int size)
    {
        var text = Shapes[shape](size);
        var clock = Stopwatch.StartNew();
        var reading = SpecReader.Read(text);
        Assert.True(clock.Elapsed < Bound, $"{shape} of {size} took {clock.Elapsed}");
        if (reading is SpecReading.Refused refused)
        {
            Assert.InRange(refused.Problems.Length, 1, ProblemList.ProblemsMax + 1);
            Assert.All(refused.Problems, p => Assert.True(p.Text.Length < 500 && (p.Mend?.Length ?? 0) < 500, p.Path));
        }
    }

    [Theory]
    [InlineData("open brackets")]
    [InlineData("open braces")]
    [InlineData("dashes on one line")]
    [InlineData("deep indentation")]
    public void What_is_nested_too_deep_is_told_where_it_becomes_so(string shape)
    {
        var problem = Assert.Single(Assert.IsType<SpecReading.Refused>(SpecReader.Read(Shapes[shape](50_000))).Problems);
        Assert.Equal("this is nested deeper than 32 levels", problem.Text);
        Assert.True(problem.Line > 1 || problem.Column > 32);
    }

    [Fact]
    public void A_file_of_5_MB_is_refused_before_it_is_parsed()
    {
        var text = "services:\n" + Repeat("  # a comment of some length\n", 5_000_000);
        foreach (var reading in new[] { SpecReader.Read(text), SpecReader.Read(Encoding.UTF8.GetBytes(text)) })
        {
            var problem = Assert.Single(Assert.IsType<SpecReading.Refused>(reading).Problems);
            Assert.Contains("at most 1MiB are read", problem.Mend, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_bracket_that_is_never_closed_is_told_near_where_it_stands()
    {
        const string text = "cluster: mine\nservices:\n  web: { release: 1.0.0, run: a\n  api: 1\n";
        var problem = Assert.Single(Assert.IsType<SpecReading.Refused>(SpecReader.Read(text)).Problems);
        Assert.Contains("this is not YAML", problem.Text, StringComparison.Ordinal);
        Assert.InRange(problem.Line ?? 0, 3, 4);
    }

    [Fact]
    public void More_than_a_hundred_problems_end_with_a_word_about_the_rest()
    {
        var refused = Assert.IsType<SpecReading.Refused>(SpecReader.Read(Shapes["many unknown keys"](50_000)));
        Assert.Equal(101, refused.Problems.Length);
        Assert.Equal("there are more than 100 problems", refused.Problems[^1].Text);
    }

    [Fact]
    public void Random_bytes_never_throw() =>
        Prop.ForAll(
            ArbMap.Default.GeneratorFor<byte[]>().ToArbitrary(),
            bytes => Assert.NotNull(SpecReader.Read(bytes))).QuickCheckThrowOnFailure();

    [Fact]
    public void Random_pieces_of_yaml_never_throw() =>
        Prop.ForAll(
            Gen.Elements("a", ":", " ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "\"", "'", "|", ">", "&a", "*a", "!", "%", "#",
                "?", "\t", "---",
                "...", "services:", "web:", "ports:", "0", "~", "\\", "\r", "\u0085", "\u2028", "é", "<<").ListOf().ToArbitrary(),
            pieces => Assert.NotNull(SpecReader.Read(string.Concat(pieces))))
                .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void A_valid_file_with_some_characters_changed_never_throws_and_every_problem_has_a_place() =>
        Prop.ForAll(
            Gen.Choose(0, SpecReaderTests.Design.Length - 1)
                .SelectMany(_ => Gen.Choose(0, SpecReaderTests.Design.Length - 1), (at, to) => (at, to))
                .SelectMany(_ => Gen.Elements('a', ':', ' ', '\n', '-', '[', ']', '{', '}', ',', '"', '$', '0', '%', '\t', '&',
                    '*', '\0'),
                    (places, put) => (places.at, places.to, put)).ToArbitrary(),
            change =>
            {
                var text = SpecReaderTests.Design;
                var (from, to) = (Math.Min(change.at, change.to), Math.Max(change.at, change.to));
                foreach (var mutated in new[] { text[..from] + change.put + text[(from + 1)..], text[..from] + text[to..],
                    text[..to] + text[from..] })
                {
                    if (SpecReader.Read(mutated) is SpecReading.Refused refused)
                    {
                        Assert.All(refused.Problems, p => Assert.True(
                            (p.Line >= 1 && p.Line <= mutated.Split('\n').Length + 1 && p.Column >= 1)
                                || refused.Problems.Length > 100, p.ToString()));
                    }
                }
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    private static string Repeat(string piece, int size) => string.Concat(Enumerable.Repeat(piece, size / piece.Length));

    private static string DeepIndentation(int size)
    {
        var text = new StringBuilder();
        for (var depth = 0; text.Length < size; depth++)
        {
            text.Append(' ', depth).Append("a:\n");
        }
        return text.ToString();
    }
}
