using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class RolloutTargetsTests
{
    private static readonly RolloutTarget One = Target("1.0", restarts: 4);
    private static readonly RolloutTarget Two = Target("2.0", restarts: 4);

    private static readonly Rollout TakenBack = new()
    {
        Service = new ServiceName("web"), Number = 3, From = One, To = One, Refused = Two, Phase = RolloutPhase.Completed,
        StartedAt = World.Noon, StageSince = World.Noon, Why = "", Allowed = 0,
    };

    private static RolloutTarget Target(string version, long restarts) => new()
    {
        Spec = new SpecNumber(1), Release = Id.Parse<ReleaseId>($"web@{version}"),
        Digest = SpecDigest.Of(Specs.Service("web", 1, version).Instance), Restarts = restarts,
    };

    [Fact]
    public void What_was_taken_back_is_not_wanted_and_everything_else_is()
    {
        Assert.Equal(One, RolloutTargets.Wanted(TakenBack, Two));
        Assert.Equal("3.0", RolloutTargets.Wanted(TakenBack, Target("3.0", 4)).Release.Version.Value);
        Assert.Equal(Two, RolloutTargets.Wanted(TakenBack with { Refused = null }, Two));
    }

    [Fact]
    public void A_restart_that_was_taken_back_is_not_repeated_and_a_later_one_restarts_what_runs()
    {
        var aborted = TakenBack with { Refused = One with { Restarts = 5 } };

        Assert.Equal(4, RolloutTargets.Wanted(aborted, One with { Restarts = 5 }).Restarts);
        Assert.Equal((6, One.Digest), (RolloutTargets.Wanted(aborted, One with { Restarts = 6 }).Restarts, One.Digest));
    }

    [Fact]
    public void What_instances_of_one_service_have_of_their_own_is_no_news_to_another_service()
    {
        var own = new Dictionary<int, ImmutableSortedDictionary<string, string>>
        {
            [1] = ImmutableSortedDictionary<string, string>.Empty.Add("role", "primary"),
        };
        ServiceSpec[] before = [Specs.Service("db", 2), Specs.Service("web", 2)];
        var world = World.Of("host1@az1").Apply(before).Settle();
        world = world.Apply(before[0] with { PerInstance = own.ToImmutableSortedDictionary() }, before[1]);

        Assert.Equal("db", Assert.Single(world.Plan().Rollouts).Key.Value);
        Assert.Equal("db.1", Assert.Single(world.Plan().Steps).Instance.Value);
        Assert.True(world.Settle().Plan().IsConverged);
    }
}
