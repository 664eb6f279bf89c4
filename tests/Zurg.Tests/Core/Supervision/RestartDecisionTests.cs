using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Supervision;

public sealed class RestartDecisionTests
{
    private static readonly DateTimeOffset Now = AgentWords.Start;

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 100)]
    [InlineData(3, 200)]
    [InlineData(4, 400)]
    [InlineData(10, 25_600)]
    public void The_first_restart_is_immediate_and_further_ones_wait_twice_as_long_each(int crashes, int milliseconds) =>
        Assert.Equal(
            new RestartDecision.Restart(TimeSpan.FromMilliseconds(milliseconds)),
            RestartDecision.Decide(AgentWords.Restart, [.. Enumerable.Repeat(Now, crashes)], jitter: 0));

    [Fact]
    public void One_end_too_many_gives_up_until_the_oldest_no_longer_counts() =>
        Assert.Equal(
            new RestartDecision.GiveUp(Now + TimeSpan.FromMinutes(10)),
            RestartDecision.Decide(
                AgentWords.Restart, [.. Enumerable.Range(0, 11).Select(i => Now + TimeSpan.FromSeconds(i))], jitter: 0));

    [Fact]
    public void A_wait_is_never_longer_than_the_longest_and_never_none()
    {
        var none = new RestartPolicy(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMinutes(1), int.MaxValue);
        Assert.Equal(RestartDecision.DelayMin, RestartDecision.Backoff(none, 3, jitter: 0));
        Assert.Equal(TimeSpan.FromSeconds(30), RestartDecision.Backoff(AgentWords.Restart, int.MaxValue, jitter: 0));
        Assert.Equal(TimeSpan.FromSeconds(22.5), RestartDecision.Backoff(AgentWords.Restart, int.MaxValue, jitter: 1));
    }

    [Fact]
    public void Ends_outside_the_window_no_longer_count()
    {
        var counted = RestartDecision.Count(
            AgentWords.Restart, [Now - TimeSpan.FromMinutes(10), Now - TimeSpan.FromMinutes(9)], Now);
        Assert.Equal([Now - TimeSpan.FromMinutes(9), Now], counted.ToArray());
    }

    [Fact]
    public void However_many_ends_there_are_few_are_remembered()
    {
        var crashes = RestartDecision.Count(AgentWords.Restart, [.. Enumerable.Repeat(Now, 5_000)], Now);
        Assert.Equal(AgentWords.Restart.Attempts + 1, crashes.Length);
        var patient = AgentWords.Restart with { Attempts = 2_000 };
        Assert.Equal(2_001, RestartDecision.Count(patient, [.. Enumerable.Repeat(Now, 5_000)], Now).Length);
    }
}
