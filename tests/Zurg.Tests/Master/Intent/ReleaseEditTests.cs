using Zurg.Master.Intent;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Intent;

public sealed class ReleaseEditTests
{
    private const string Around = "# of web, not release: 9\nservices:\n  api: { release: web@1.0.0, run: x }  # 1.0.0\n  web:\n";

    [Theory]
    [InlineData("    release: 1.0.0   # the newest, 1.0.0\n    run: x\n", "1.1.0",
        "    release: 1.1.0   # the newest, 1.0.0\n    run: x\n")]
    [InlineData("    run: x\n    release: '1.0.0'", "1.1.0",
        "    run: x\n    release: '1.1.0'")]
    [InlineData("    release: \"1.0.0\"\r\n    run: x\r\n", "1.1.0",
        "    release: \"1.1.0\"\r\n    run: x\r\n")]
    [InlineData("    { \"release\": 1.0.0, run: x, args: [ü, 💡] }\n", "1.1.0",
        "    { \"release\": 1.1.0, run: x, args: [ü, 💡] }\n")]
    [InlineData("    args: [💡, release]\n    run: x\n    release: 1.0.0\n", "1.1.0",
        "    args: [💡, release]\n    run: x\n    release: 1.1.0\n")]
    [InlineData("    release: web@1.0.0\n    run: x\n", "1.1.0",
        "    release: web@1.1.0\n    run: x\n")]
    [InlineData("    release: other@1.0.0\n    run: x\n", "1.1.0",
        "    release: web@1.1.0\n    run: x\n")]
    [InlineData("    release: 1.0.0\n    run: x\n", "null",
        "    release: \"null\"\n    run: x\n")]
    [InlineData("    release:\n      1.0.0\n    run: x\n", "2",
        "    release:\n      2\n    run: x\n")]
    public void One_value_changes_and_every_other_byte_stays(string before, string version, string after)
    {
        foreach (var bom in (string[])["", "\uFEFF"])
        {
            var (text, problem) = Replace(bom + Around + before, $"web@{version}");
            Assert.Null(problem);
            Assert.Equal(bom + Around + after, text);
        }
    }

    [Fact]
    public void A_release_of_another_name_is_written_whole()
    {
        var (text, _) = Replace(Around + "    release: 1.0.0\n    run: x\n", "front@2.0.0");
        Assert.Equal(Around + "    release: front@2.0.0\n    run: x\n", text);
    }

    [Fact]
    public void JSON_stays_JSON()
    {
        var (text, _) = Replace("""{"services":{"web":{"run":"x","release":"1.0.0"}}}""", "web@1.1.0");
        Assert.Equal("""{"services":{"web":{"run":"x","release":"1.1.0"}}}""", text);
    }

    [Theory]
    [InlineData("services:\n  web: { release: 1.0.0, run: x, }\n  web: { release: 1.0.0, run: y }\n", "can no longer be read")]
    [InlineData("services:\n  web:\n    release: >-\n      1.0.0\n    run: x\n", "is not written as a plain value")]
    [InlineData("services:\n  api: { release: 1.0.0, run: x }\n", "is not written as a plain value")]
    [InlineData("x: &r 1.0.0\nservices:\n  web: { release: *r, run: x }\n", "can no longer be read")]
    [InlineData("services:\n  web: { <<: { release: 1.0.0 }, run: x }\n", "can no longer be read")]
    public void What_cannot_be_changed_by_one_value_is_refused(string before, string says)
    {
        var (text, problem) = Replace(before, "web@1.1.0");
        Assert.Null(text);
        Assert.Contains(says, problem!.Text, StringComparison.Ordinal);
        Assert.Contains("services.web.release: 1.1.0", problem.Mend, StringComparison.Ordinal);
    }

    private static (string? Text, Problem? Problem) Replace(string text, string release) =>
        ReleaseEdit.Replace(text, new ServiceName("web"), ReleaseId.Parse(release));
}
