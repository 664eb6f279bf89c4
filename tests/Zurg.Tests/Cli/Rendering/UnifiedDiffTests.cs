using FsCheck;
using FsCheck.Fluent;
using Zurg.Cli.Rendering;

namespace Zurg.Tests.Cli.Rendering;

public sealed class UnifiedDiffTests
{
    [Fact]
    public void It_reads_like_that_of_diff()
    {
        var before = string.Concat(Enumerable.Range(1, 20).Select(i => $"line {i}\n"));
        var after = before.Replace("line 3\n", "line three\n", StringComparison.Ordinal)
            .Replace("line 15\n", "", StringComparison.Ordinal) + "the end";
        Assert.Equal(
            """
            --- a
            +++ b
            @@ -1,6 +1,6 @@
             line 1
             line 2
            -line 3
            +line three
             line 4
             line 5
             line 6
            @@ -12,9 +12,9 @@
             line 12
             line 13
             line 14
            -line 15
             line 16
             line 17
             line 18
             line 19
             line 20
            +the end
            \ No newline at end of file
            """, string.Join('\n', UnifiedDiff.Of("a", "b", before, after)));
    }

    [Fact]
    public void Equal_texts_do_not_differ() => Assert.Empty(UnifiedDiff.Of("a", "b", "same\n", "same\n"));

    [Fact]
    public void What_goes_and_comes_leads_from_one_text_to_the_other_and_no_line_goes_that_need_not() => Prop.ForAll(
        Gen.Elements("a\n", "b\n", "c\n").ListOf().ToArbitrary(),
        Gen.Elements("a\n", "b\n", "c\n").ListOf().ToArbitrary(),
        (before, after) =>
        {
            var lines = UnifiedDiff.Of("x", "y", string.Concat(before), string.Concat(after)).Skip(2)
                .Where(l => !l.StartsWith('@')).ToList();
            Assert.Equal(Common(before, after), before.Count - lines.Count(l => l[0] == '-'));
            Assert.Equal(after.Count - before.Count, lines.Count(l => l[0] == '+') - lines.Count(l => l[0] == '-'));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Texts_without_a_common_line_are_told_within_a_bound()
    {
        var before = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"old {i}\n"));
        var after = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"new {i}\n"));
        Assert.Equal(20_003, UnifiedDiff.Of("a", "b", before, after).Length);
    }

    /// <summary>The length of a longest common subsequence, the slow way.</summary>
    private static int Common(IList<string> one, IList<string> other)
    {
        var lengths = new int[one.Count + 1, other.Count + 1];
        for (var i = 1; i <= one.Count; i++)
        {
            for (var j = 1; j <= other.Count; j++)
            {
                lengths[i, j] = one[i - 1] == other[j - 1]
                    ? lengths[i - 1, j - 1] + 1
                    : Math.Max(lengths[i - 1, j], lengths[i, j - 1]);
            }
        }

        return lengths[one.Count, other.Count];
    }
}
