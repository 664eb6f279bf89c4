using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Releases;

public sealed class ManifestCheckTests
{
    private static readonly Digest Some = Digest.Of("x"u8);

    [Theory]
    [InlineData("run")]
    [InlineData("bin/deep/er/run")]
    [InlineData("..hidden/a..b")]
    public void A_path_inside_is_accepted(string path) => Assert.Empty(ProblemsOf(new ReleaseFile(path, 0x1ed, 1, Some)));

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../run")]
    [InlineData("bin/../../run")]
    [InlineData("bin//run")]
    [InlineData("bin/./run")]
    [InlineData("bin/")]
    [InlineData("bin\n/run")]
    public void A_path_that_could_lead_outside_is_refused(string path) =>
        Assert.NotEmpty(ProblemsOf(new ReleaseFile(path, 0, 1, Some)));

    [Fact]
    public void A_path_or_part_that_no_file_system_takes_is_refused()
    {
        Assert.NotEmpty(ProblemsOf(new ReleaseFile(new string('a', ManifestCheck.PartMax + 1), 0, 1, Some)));
        Assert.NotEmpty(ProblemsOf(new ReleaseFile(string.Join('/', Enumerable.Repeat("ab", ManifestCheck.PathMax)), 0, 1,
            Some)));
    }

    [Theory]
    [InlineData("a/link", "target")]
    [InlineData("a/link", "../b/target")]
    [InlineData("link", "deep/target")]
    public void A_link_inside_is_accepted(string path, string target) =>
        Assert.Empty(ProblemsOf(new ReleaseFile(path, 0, 0, null, target)));

    [Theory]
    [InlineData("a/link", "../../etc")]
    [InlineData("link", "..")]
    [InlineData("link", "/etc/passwd")]
    [InlineData("link", "")]
    [InlineData("a/link", "b/../../..")]
    [InlineData("link", "other/../x")]
    public void A_link_that_could_lead_outside_is_refused(string path, string target) =>
        Assert.NotEmpty(ProblemsOf(new ReleaseFile(path, 0, 0, null, target)));

    [Fact]
    public void Nothing_may_lie_below_a_link_or_a_file() =>
        Assert.NotEmpty(ProblemsOf(new ReleaseFile("a", 0, 0, null, "b"), new ReleaseFile("a/b/c", 0, 1, Some)));

    [Fact]
    public void A_path_listed_twice_is_refused() =>
        Assert.NotEmpty(ProblemsOf(new ReleaseFile("a", 0, 1, Some), new ReleaseFile("a", 0, 1, Some)));

    [Fact]
    public void A_file_has_either_a_digest_or_a_link_and_no_negative_size()
    {
        Assert.NotEmpty(ProblemsOf(new ReleaseFile("a", 0, 1, null)));
        Assert.NotEmpty(ProblemsOf(new ReleaseFile("a", 0, 1, Some, "b")));
        Assert.NotEmpty(ProblemsOf(new ReleaseFile("a", 0, -1, Some)));
    }

    [Fact]
    public void More_files_than_the_limit_are_one_problem() =>
        Assert.Single(ProblemsOf(
            [.. Enumerable.Range(0, ManifestCheck.FilesMax + 1).Select(i => new ReleaseFile($"../{i}", 0, 1, Some))]));

    private static System.Collections.Immutable.ImmutableArray<string> ProblemsOf(params ReleaseFile[] files) =>
        ManifestCheck.ProblemsOf(new ReleaseManifest { Release = ReleaseId.Parse("web@1.0.0"), Files = [.. files] });
}
