using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Loops.Speaker;

public sealed class SpeakerWritesTests
{
    private static readonly ServiceName Web = new("web");

    private static HostFacts Facts(int number) =>
        World.Of("host1@az1").State.Facts.Values.Single() with { Host = new HostId($"host{number}") };

    private static SpeakerCommit Commit(params HostFacts[] facts) => new() { State = SpeakerState.Empty, Facts = [.. facts] };

    [Fact]
    public void Many_writes_are_bites_that_one_commit_holds_beside_its_guard()
    {
        var bites = SpeakerWrites.Of([Commit([.. Enumerable.Range(1, 150).Select(Facts)])]).ToList();

        Assert.Equal([99, 51], bites.Select(b => b.Length));
        Assert.Equal(150, bites.SelectMany(b => b).Select(w => w.Key).Distinct(StringComparer.Ordinal).Count());
        Assert.All(bites, b => CommitLimits.Demand(new StoreCommit([new StoreExpectation("guard", default)], b)));
    }

    [Fact]
    public void Values_that_are_large_together_are_written_apart()
    {
        var large = Facts(1).Description with { Kernel = new string('k', StoreCommit.BytesMax / 2) };
        var bites = SpeakerWrites.Of([Commit(Facts(1) with { Description = large }, Facts(2) with { Description = large })]);

        Assert.Equal([1, 1], bites.Select(b => b.Length));
    }

    [Fact]
    public void Of_two_words_of_a_host_the_last_is_written_and_what_consumers_confirmed_comes_after_the_facts()
    {
        var later = Facts(1) with { Session = HostSession.Silent };
        var confirmed = Commit(Facts(2)) with
        {
            Confirmed = [new ServiceConfirmation { Service = Web, Lowest = new Revision(4) }],
            NotWaitedFor = [new ServiceName("db")],
        };
        var writes = SpeakerWrites.Of([Commit(Facts(1)), confirmed, Commit(later)]).Single();

        Assert.Equal(
            [
                StoreKeys.Facts(new HostId("host1")), StoreKeys.Facts(new HostId("host2")), StoreKeys.Confirmed(Web),
                StoreKeys.Confirmed(new ServiceName("db")),
            ],
            writes.Select(w => w.Key));
        Assert.Contains("silent", System.Text.Encoding.UTF8.GetString(writes[0].Value!.Value.Span), StringComparison.Ordinal);
        Assert.Null(writes[3].Value);
    }
}
