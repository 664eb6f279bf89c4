using Zurg.Cli.Rendering;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Cli.Rendering;

public sealed class UsersViewTests
{
    private static readonly DateTimeOffset Now = World.Noon;
    private static readonly ServiceUsers Nobody = new() { Service = new ServiceName("web") };

    [Fact]
    public void Nobody_is_said_only_for_as_long_as_somebody_has_looked()
    {
        var twoHours = Text(Nobody with { Since = Now.AddHours(-2) });
        Assert.Contains("nobody uses it; seen nobody since ", twoHours, StringComparison.Ordinal);
        Assert.Contains("2h ago; a client that comes less often than that may be missing", twoHours, StringComparison.Ordinal);
        Assert.DoesNotContain("may be missing", Text(Nobody with { Since = Now.AddDays(-31) }), StringComparison.Ordinal);
        Assert.Contains("nothing is known", Text(Nobody), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_piece_of_evidence_has_a_line_with_its_source()
    {
        var text = Text(new ServiceUsers
        {
            Service = new ServiceName("web"),
            Since = Now.AddDays(-31),
            Users =
            [
                new ServiceUser
                {
                    Client = "front.0", Host = new HostId("host1"), Now = true, LastSeen = Now,
                    Proofs =
                    [
                        new UseProof(UseEvidence.Follows, "follows its endpoints", "the agent of host1", Now, Now, true),
                        new UseProof(
                            UseEvidence.Connected, "has TCP connections to it", "the agent of host1", Now, Now.AddHours(-3),
                            false),
                    ],
                },
            ],
            Gaps = [new PartlyWatchedHost(new HostId("host2")), new PartlyWatchedHost(new HostId("host3"), Now)],
        });
        var lines = text.Split('\n');
        Assert.Matches("^CLIENT +HOST +EVIDENCE +LAST SEEN +FROM", lines[0]);
        Assert.Matches("^front.0 +host1 +follows its endpoints +now +the agent of host1", lines[1]);
        Assert.Matches("^ +has TCP connections to it +3h ago, at .* the agent of host1", lines[2]);
        Assert.Contains("host2 does not say what it sees", text, StringComparison.Ordinal);
        Assert.Contains("host3 has watched only since", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_that_is_only_declared_was_seen_by_nobody()
    {
        var text = Text(Nobody with
        {
            Since = Now.AddDays(-40),
            Retired = new RetiredIntent(Now.AddHours(-1), "ann"),
            Users =
            [
                new ServiceUser
                {
                    Client = "front", Now = true,
                    Proofs =
                    [
                        new UseProof(
                            UseEvidence.Declared, "names it in depends_on", "spec 3 by ann", Now, Now.AddHours(-3), true),
                    ],
                },
            ],
        });
        Assert.Contains("web was retired by ann 60m ago", text, StringComparison.Ordinal);
        Assert.Contains("declared 3h ago", text, StringComparison.Ordinal);
        Assert.Contains("\nseen nobody since", text, StringComparison.Ordinal);
    }

    private static string Text(ServiceUsers users) => PlainView.TextOf(UsersView.Of(users, Now));
}
