using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Support.AgentWords;

namespace Zurg.Tests.Core;

public sealed class AgentMachineProperties
{
    /// <summary>
    /// In <see cref="AgentWorld"/>: never two live incarnations of one instance, none started before it was prepared, phases only
    /// forward, the same step twice is the same commit, also from a journal, an older generation changes nothing, and in the end
    /// all that is no longer assigned is gone.
    /// </summary>
    [Fact]
    public void Whatever_happens_on_a_host_the_promises_of_its_agent_hold() =>
        Prop.ForAll(Seeds, seed =>
        {
            var world = new AgentWorld((ulong)seed);
            world.Run(steps: 150);
            world.Quieten();
            Assert.Empty(world.State.Instances);
            Assert.True(world.NothingRuns);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_process_that_ends_for_ever_is_started_at_most_one_time_more_than_its_attempts_within_any_window() =>
        Prop.ForAll(Seeds, seed =>
        {
            var prng = new Prng((ulong)seed);
            var policy = new RestartPolicy(
                TimeSpan.FromMilliseconds(prng.Next(2_000)),
                TimeSpan.FromSeconds(1 + prng.Next(20)),
                TimeSpan.FromSeconds(10 + prng.Next(60)),
                prng.Next(6));
            var starts = Starts(policy, runs: prng.Next(3_000), until: policy.Window * 4);
            foreach (var start in starts)
            {
                var within = starts.Count(s => s >= start && s < start + policy.Window);
                Assert.True(
                    within <= policy.Attempts + 1, $"{within} starts within {policy.Window} with {policy.Attempts} attempts");
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_start_that_always_fails_is_retried_for_ever_and_never_in_a_hot_loop()
    {
        var agent = new AgentDriver();
        agent.Say(Assign(1, Assigned(Web)));
        var tries = 0;
        for (var end = agent.Now + TimeSpan.FromHours(1); agent.Now < end; agent.Wait(TimeSpan.FromSeconds(1)))
        {
            if (agent.Web.Phase == InstancePhase.Preparing)
            {
                tries++;
                agent.Say(new AgentInput.PrepareFailed(Web, agent.Now0, Held));
            }
        }

        Assert.InRange(tries, 120, 180);
        Assert.Equal((HoldReason.ReleaseUnavailable, Web), (agent.Web.ShownHold!.Reason, agent.Web.ShownHold.Instance));
        Assert.Single(agent.State.Events, e => e.Kind == EventKind.InstanceHeld);
    }

    private static Arbitrary<int> Seeds => Gen.Choose(0, int.MaxValue).ToArbitrary();

    /// <summary>When each process was started, when each ends so many milliseconds after its start.</summary>
    private static List<DateTimeOffset> Starts(RestartPolicy policy, int runs, TimeSpan until)
    {
        var agent = new AgentDriver();
        var starts = new List<DateTimeOffset>();
        agent.Say(Assign(1, Assigned(Web) with { Restart = policy }));
        for (var end = agent.Now + until; agent.Now < end;)
        {
            if (agent.Web.Phase == InstancePhase.Preparing)
            {
                starts.Add(agent.Now);
                agent.StartWeb();
                agent.Wait(TimeSpan.FromMilliseconds(runs));
                agent.Exit(Code(1));
                agent.Gone();
            }
            else
            {
                agent.Wait(TimeSpan.FromMilliseconds(100));
            }
        }

        return starts;
    }
}
