using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Supervision;

public sealed class AccessDecisionTests
{
    private static readonly ProcessRights Ann = new("ann", 1000, 100, [27, 50]);

    // owner, group, mode of the directory on the way; the same of the program; who may not what.
    [Theory]
    [InlineData("0 0 755", "0 0 755", null)]
    [InlineData("0 0 711", "0 0 111", null)]
    [InlineData("0 0 700", "0 0 755", "it may not enter /srv/app (mode 0700, of user 0 and group 0)|chmod o+x /srv/app")]
    [InlineData("0 50 750", "0 0 755", null)]
    [InlineData("0 50 705", "0 0 755", "it may not enter /srv/app (mode 0705, of user 0 and group 50)|chmod g+x /srv/app")]
    [InlineData("1000 100 077", "0 0 755", "it may not enter /srv/app (mode 0077, of user 1000|chmod u+x /srv/app")]
    [InlineData("0 0 755", "0 0 744", "may not execute /srv/app/run (mode 0744, of user 0 and group 0)|chmod o+x /srv/app/run")]
    [InlineData("0 0 755", "0 100 745", "may not execute /srv/app/run (mode 0745, of user 0|chmod g+x /srv/app/run")]
    [InlineData("0 0 755", "1000 0 655", "may not execute /srv/app/run (mode 0655, of user 1000|chmod u+x /srv/app/run")]
    [InlineData("0 0 755", "0 27 710", null)]
    [InlineData("0 0 755", "0 0 4755", null)]
    public void The_first_class_that_fits_decides_for_each_step(string directory, string program, string? expected)
    {
        var way = Way("/srv/app/run", Step("/", "0 0 755"), Step("/srv", "0 0 755"), Step("/srv/app", directory),
            Step("/srv/app/run", program));
        Check(expected, AccessDecision.HoldOf(Ann, way, null, Root));
    }

    [Theory]
    [InlineData("0 0 755", "0 0 755", null)]
    [InlineData("0 0 711", "0 0 755",
        "may not read /srv/run (mode 0711, of user 0 and group 0), and a script is read by its interpreter|chmod o+rx /srv/run")]
    [InlineData("0 0 755", "0 0 754", "may not execute /usr/bin/lisp (mode 0754, of user 0 and group 0)|chmod o+x /usr/bin/lisp")]
    [InlineData("0 0 755", "0 0 711", null)]
    public void A_script_is_read_and_its_interpreter_executed(string script, string interpreter, string? expected) =>
        Check(expected, AccessDecision.HoldOf(
            Ann, Way("/srv/run", Step("/srv/run", script)), Way("/usr/bin/lisp", Step("/usr/bin/lisp", interpreter)), Root));

    [Theory]
    [InlineData("0 0 755", "0 0 755", null)]
    [InlineData("0 0 755", "0 0 750",
        "may not enter its working directory /data/x (mode 0750, of user 0 and group 0)|chmod o+x /data/x")]
    [InlineData("0 0 750", "0 0 755",
        "cannot be in /data/x: it may not enter /data (mode 0750, of user 0 and group 0)|chmod o+x /data")]
    public void A_working_directory_must_be_within_reach(string parent, string directory, string? expected) =>
        Check(expected, AccessDecision.HoldOf(
            Ann,
            Way("/bin/true", Step("/bin/true", "0 0 755")),
            null,
            Way("/data/x", Step("/data", parent), Step("/data/x", directory))));

    [Fact]
    public void All_that_shuts_it_out_is_opened_by_one_line()
    {
        var way = Way(
            "/a/b/c/run", Step("/a", "0 0 700"), Step("/a/b", "0 0 755"), Step("/a/b/c", "0 50 700"), Step("/a", "0 0 700"),
            Step("/a/b/c/run", "0 0 755"));
        Check(
            "it may not enter /a (mode 0700, of user 0 and group 0) nor 1 more below it|chmod o+x /a && chmod g+x /a/b/c, or",
            AccessDecision.HoldOf(Ann, way, null, Root));
    }

    [Fact]
    public void Root_is_kept_out_of_nothing_and_a_link_is_shown_with_where_it_leads()
    {
        var way = Way("/srv/current", Step("/root", "0 0 700"), Step("/root/run", "7 7 000"));
        Assert.Null(AccessDecision.HoldOf(Ann with { User = 0 }, way, null, way));
        var linked = Way("/srv/current", Step("/opt", "0 0 755"), Step("/opt/run", "0 0 700"));
        Check("may not execute /srv/current, which is /opt/run (mode 0700|chmod o+x /opt/run",
            AccessDecision.HoldOf(Ann, linked, null, Root));
    }

    [Fact]
    public void What_the_bits_do_not_say_speaks_against_nothing()
    {
        var listed = Way(
            "/srv/run", Step("/srv", "0 0 700") with { HasList = true }, Step("/srv/run", "0 50 700") with { HasList = true });
        Assert.Null(AccessDecision.HoldOf(Ann, listed, null, Root));

        // A list says nothing new of the owner.
        Check("it may not enter /srv (mode 0077|chmod u+x /srv", AccessDecision.HoldOf(
            Ann, Way("/srv/run", Step("/srv", "1000 0 077") with { HasList = true }, Step("/srv/run", "0 0 755")), null, Root));

        // Not all could be looked at: the last is a directory on the way, and no program.
        var cut = new PathWay("/srv/app/run", [Step("/srv", "0 0 711")], IsWhole: false);
        Assert.Null(AccessDecision.HoldOf(Ann, cut, null, Root));
        Check("it may not enter /srv (mode 0710|chmod o+x /srv", AccessDecision.HoldOf(
            Ann, cut with { Steps = [Step("/srv", "0 0 710")] }, null, Root));
    }

    private static PathWay Root => Way("/", Step("/", "0 0 755"));

    private static PathWay Way(string asked, params ImmutableArray<PathStep> steps) => new(asked, steps, IsWhole: true);

    private static PathStep Step(string path, string facts) => facts.Split(' ') is [var owner, var group, var mode]
        ? new PathStep(path, uint.Parse(owner, null), uint.Parse(group, null), Convert.ToInt32(mode, 8))
        : throw new FormatException(facts);

    private static void Check(string? expected, Hold? hold)
    {
        var parts = expected?.Split('|');
        Assert.Equal(expected is null ? null : HoldReason.AccessDenied, hold?.Reason);
        Assert.Contains(parts?[0] ?? "", hold?.Text ?? "", StringComparison.Ordinal);
        Assert.StartsWith(parts?[1] ?? "", hold?.Mend ?? "", StringComparison.Ordinal);
    }
}
