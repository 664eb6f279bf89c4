using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class RolloutFailureTests
{
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(5);

    private static World Canary
    {
        get
        {
            var world = World.Of("host1@az1").Apply(Specs.Service("web", 2) with { Update = Specs.NoneAway }).Settle();
            return world.Apply(Specs.Service("web", 2, "2.0") with { Update = Specs.NoneAway }).Settle();
        }
    }

    private static string? Of(World world, TimeSpan later = default)
    {
        var (host, facts) = world.State.Facts.Single();
        var placed = new PlacedOn(host, world.State.Placements[host].Instances.Single(p => p.Instance.Index == 2));
        return RolloutFailure.Of(facts, placed, world.RolloutOf("web"), Within, World.Noon + later);
    }

    [Fact]
    public void What_is_ready_is_fine_for_ever() => Assert.Null(Of(Canary, TimeSpan.FromDays(1)));

    [Fact]
    public void A_silent_host_says_nothing_against_it() =>
        Assert.Null(Of(Canary.Report("web.2", s => s with { CrashesSinceChange = 3 }).Silence("host1")));

    [Fact]
    public void Crashes_of_what_ran_before_the_change_do_not_count() =>
        Assert.Null(Of(Canary.Report("web.2", s => s with { Crashes = 9, CrashesSinceChange = 0 })));

    [Theory]
    [InlineData(HoldReason.ExecutableMissing, true)]
    [InlineData(HoldReason.TooManyRestarts, true)]
    [InlineData(HoldReason.ReleaseUnavailable, false)]
    [InlineData(HoldReason.DiskFull, false)]
    public void What_waiting_may_mend_has_its_time_and_what_it_cannot_fails_at_once(HoldReason reason, bool atOnce)
    {
        var world = Canary.Report("web.2", s => s with { Phase = InstancePhase.Waiting, Hold = new Hold(reason, "because") });

        Assert.Equal(atOnce, Of(world) is not null);
        Assert.NotNull(Of(world, Within));
    }

    [Fact]
    public void A_host_that_cannot_prepare_it_speaks_against_it_too()
    {
        var world = Canary.Report("web.0", s => s with { PrepareHold = new Hold(HoldReason.ReleaseUnavailable, "no disk") });
        var (host, facts) = world.State.Facts.Single();
        var placed = new PlacedOn(host, world.State.Placements[host].Instances[0]);

        var rollout = world.RolloutOf("web");
        Assert.NotNull(rollout.StageReadyAt);
        var waits = rollout with { StageReadyAt = null };

        Assert.Null(RolloutFailure.OfPreparation(facts, placed, waits, Within, World.Noon));
        Assert.Equal(
            "host1 cannot run 2.0 of web: no disk",
            RolloutFailure.OfPreparation(facts, placed, waits, Within, World.Noon + Within));
        Assert.Null(RolloutFailure.OfPreparation(facts, placed, rollout, Within, World.Noon + Within));   // nobody waits for it
    }

    [Fact]
    public void What_the_old_process_takes_to_stop_is_not_the_new_ones_time()
    {
        var stopping = Canary.Report("web.2", s => s with { Phase = InstancePhase.Stopping });
        Assert.Null(Of(stopping, TimeSpan.FromHours(1)));

        var started = stopping.Report("web.2", s => s with
        {
            Phase = InstancePhase.Starting, LastExit = Exit(asked: true, after: TimeSpan.FromHours(1)),
        });
        Assert.Null(Of(started, TimeSpan.FromHours(1) + Within - TimeSpan.FromSeconds(1)));
        Assert.NotNull(Of(started, TimeSpan.FromHours(1) + Within));
    }

    [Fact]
    public void An_end_that_nobody_asked_for_gives_it_no_more_time() => Assert.NotNull(Of(
        Canary.Report("web.2", s => s with
        {
            Phase = InstancePhase.Starting, LastExit = Exit(asked: false, after: TimeSpan.FromHours(1)),
        }),
        Within));

    [Fact]
    public void A_host_that_comes_back_has_its_time_again()
    {
        var world = Canary.Report("web.2", s => s with { Phase = InstancePhase.Starting });
        var facts = world.State.Facts.Values.Single() with { SessionSince = World.Noon + TimeSpan.FromHours(1) };
        world = world.Put(StoreKeys.Facts(facts.Host), facts, WireJson.Default.HostFacts);

        Assert.Null(Of(world, TimeSpan.FromHours(1)));
        Assert.NotNull(Of(world, TimeSpan.FromHours(1) + Within));
    }

    /// <summary>Agents, speakers and the decider before this one have clocks of their own.</summary>
    [Fact]
    public void A_time_that_lies_ahead_gives_it_no_more_time_but_for_the_little_by_which_clocks_differ()
    {
        var starting = Canary.Report("web.2", s => s with
        {
            Phase = InstancePhase.Starting, LastExit = Exit(asked: true, after: TimeSpan.FromHours(1)),
        });
        Assert.Null(Of(starting, Within - TimeSpan.FromSeconds(1)));
        Assert.NotNull(Of(starting, Within));

        var ended = Within + TimeSpan.FromSeconds(1);
        var skewed = Canary.Report("web.2", s => s with
        {
            Phase = InstancePhase.Starting, LastExit = Exit(asked: true, after: ended),
        });
        Assert.Null(Of(skewed, Within));
        Assert.Null(Of(skewed, ended + Within - TimeSpan.FromSeconds(1)));
        Assert.NotNull(Of(skewed, ended + Within));
    }

    [Fact]
    public void A_decider_whose_clock_is_behind_gives_its_time_anew_and_no_more()
    {
        var update = Specs.OneAway with { ReadyWithin = Within };
        var world = World.Of("host1@az1").Apply(Specs.Service("web", 1) with { Update = update }).Settle()
            .Apply(Specs.Service("web", 1, "2.0") with { Update = update }).Settle("web.0");
        Assert.Equal(RolloutPhase.Running, world.RolloutOf("web").Phase);

        var behind = world.After(-TimeSpan.FromDays(1)).Settle("web.0");
        Assert.Equal(RolloutPhase.Running, behind.After(Within - TimeSpan.FromSeconds(1)).Settle("web.0").RolloutOf("web").Phase);
        Assert.NotEqual(RolloutPhase.Running, behind.After(Within).Settle("web.0").RolloutOf("web").Phase);
    }

    private static InstanceExit Exit(bool asked, TimeSpan after) => new()
    {
        Incarnation = new Incarnation(1), At = World.Noon + after, Ran = after, Reason = "SIGTERM", Asked = asked,
    };
}
