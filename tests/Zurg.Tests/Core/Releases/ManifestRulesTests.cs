using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Releases;

public sealed class ManifestRulesTests
{
    private const int Plain = 0b110_100_100;
    private static readonly Digest Bytes = Digest.Of([]);

    [Fact]
    public void An_ordinary_release_is_kept()
    {
        Assert.Empty(Check(
            File("bin/app"), Link("bin/current", "app"), Link("bin/lib", "../lib"),
            File("conf/a b.txt"), File("conf/häß.txt"), File("lib/x.so")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../up")]
    [InlineData("a/../../up")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    public void A_hostile_path_is_refused(string path) => Assert.NotEmpty(Check(File(path)));

    [Fact]
    public void A_path_of_half_a_character_is_refused() => Assert.NotEmpty(Check(File("a\ud800b")));

    [Fact]
    public void A_path_that_no_file_system_takes_is_refused()
    {
        Assert.NotEmpty(Check(File(new string('a', 256))));
        Assert.NotEmpty(Check(File(string.Join('/', Enumerable.Repeat("abcdefgh", 200)))));
        Assert.Empty(Check(File(new string('a', 255))));
    }

    [Theory]
    [InlineData("a", "/etc/passwd")]
    [InlineData("a", "../a")]
    [InlineData("d/a", "../../x")]
    [InlineData("a", "b/../c")]
    [InlineData("a", "")]
    [InlineData("a", "b//c")]
    [InlineData("a", "./b")]
    [InlineData("a", "b\0")]
    public void A_link_that_could_lead_out_of_the_release_is_refused(string path, string target) =>
        Assert.NotEmpty(Check(Link(path, target)));

    [Fact]
    public void Nothing_may_lie_below_a_link_or_a_file()
    {
        Assert.NotEmpty(Check(Link("a", "b"), File("a/x")));
        Assert.NotEmpty(Check(File("a"), File("a/b/x")));
    }

    [Theory]
    [InlineData(0b100_111_101_101)]
    [InlineData(0b001_111_101_101)]
    [InlineData(-1)]
    [InlineData(0x8000)]
    public void Only_permission_bits_are_taken(int mode) => Assert.NotEmpty(Check(File("a") with { Mode = mode }));

    [Fact]
    public void Files_are_ordered_and_none_comes_twice()
    {
        Assert.Contains("comes after", Assert.Single(Check(File("b"), File("a"))).Text, StringComparison.Ordinal);
        Assert.Contains("twice", Assert.Single(Check(File("a"), File("a"))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_digests_and_counts_have_limits()
    {
        Assert.NotEmpty(Check());
        Assert.NotEmpty(Check(File("a") with { Size = -1 }));
        Assert.NotEmpty(Check(File("a") with { Size = ManifestRules.FileBytesMax + 1 }));
        Assert.NotEmpty(Check(File("a") with { Digest = null }));
        Assert.NotEmpty(Check(Link("a", "b") with { Digest = Bytes }));
        Assert.NotEmpty(Check([.. Enumerable.Range(0, ManifestRules.FilesMax + 1).Select(i => File($"{i:D6}"))]));
    }

    [Fact]
    public void A_problem_says_which_file() => Assert.Equal("files[1]", Assert.Single(Check(File("a"), File("b/../c"))).Path);

    private static ImmutableArray<Problem> Check(params ImmutableArray<ReleaseFile> files) =>
        ManifestRules.Check(new ReleaseManifest { Release = ReleaseId.Parse("app@1"), Files = files });

    private static ReleaseFile File(string path) => new(path, Plain, 0, Bytes);

    private static ReleaseFile Link(string path, string target) => new(path, Plain, 0, null, target);
}
