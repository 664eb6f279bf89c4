using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class ProblemListTests
{
    [Fact]
    public void A_hundred_problems_are_kept_and_the_rest_is_one_word_about_more()
    {
        var problems = new ProblemList();
        for (var i = 0; i < 1_000; i++)
        {
            problems.Add($"p{i}", "wrong", () =>
                i <= ProblemList.ProblemsMax ? "mend" : throw new InvalidOperationException("asked in vain"));
        }
        Assert.True(problems.Full);
        Assert.Equal(ProblemList.ProblemsMax + 1, problems.ToImmutable().Length);
        Assert.Equal(("p99", "mend"), (problems.ToImmutable()[99].Path, problems.ToImmutable()[99].Mend));
        Assert.Equal("there are more than 100 problems", problems.ToImmutable()[^1].Text);
    }

    [Fact]
    public void No_problem_is_added_for_none()
    {
        var problems = new ProblemList();
        problems.Add("p", ((string, string)?)null);
        Assert.True(problems.IsEmpty);
    }
}
