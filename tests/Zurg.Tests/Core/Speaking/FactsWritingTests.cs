using Zurg.Core;
using static Zurg.Tests.Support.SpeakerWords;

namespace Zurg.Tests.Core.Speaking;

public sealed class FactsWritingTests
{
    [Fact]
    public void A_report_that_says_nothing_new_writes_nothing()
    {
        var state = Step(Hearing(Running), new SpeakerInput.Connected(Host1, Describe())).State;
        var report = Report(1);

        var first = Step(state, new SpeakerInput.Reported(Host1, report));
        var second = Step(first.State, new SpeakerInput.Reported(Host1, report with { Number = 2 }));

        Assert.Single(first.Facts);
        Assert.Empty(second.Facts);
    }

    [Fact]
    public void A_host_that_follows_more_than_its_facts_can_hold_is_told_so_and_nothing_of_it_counts()
    {
        var names = Enumerable.Range(0, 20_000).Select(i => $"a-service-with-a-long-name-that-takes-its-bytes-{i}").ToArray();
        var state = Reported();

        var commit = Step(state, Subscribed(Host1, names));

        Assert.Contains("20000 services followed", Assert.Single(commit.Refusals).Reason, StringComparison.Ordinal);
        Assert.Empty(commit.Facts);
        Assert.Empty(commit.Follows);
        Assert.Same(state, commit.State);
    }
}
