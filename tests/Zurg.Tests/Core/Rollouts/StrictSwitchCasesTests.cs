using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Core.Rollouts.StrictWorlds;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>Who can be told, who counts, and what a person says in the middle of a strict change.</summary>
public sealed class StrictSwitchCasesTests
{
    [Fact]
    public void Nobody_is_ready_to_take_over_while_all_of_it_is_stopped()
    {
        var mute = Baked.Report("web.0", s => s with { Counts = null }).Report("web.1", s => s with { Counts = null });
        var intent = mute.State.IntentOf(Name);
        var stopped = mute.Intend(intent with { Stopped = true }).Settle();
        var started = stopped.Intend(intent with { Stopped = false });
        for (var round = 0; round < 10; round++)
        {
            started = Decide(started);
            Assert.Null(started.RolloutOf("web").ClosedAt);
            started = started.Run().Report("web.0", s => s with { Counts = null }).Report("web.1", s => s with { Counts = null })
                .After(Bake);
        }

        Assert.Equal("web.0 web.1", Serving(started));
    }

    [Fact]
    public void A_promotion_that_has_to_wait_is_carried_out_once_it_can_be()
    {
        var mute = Both(Strict with { ManualPromotion = true }).Report("web.1", s => s with { Counts = null });
        var told = Decide(Decide(mute.Say("web", w => w with { Promotes = 1 })));
        Assert.Equal(("web.0 web.1", ""), (Serving(told), Refusing(told)));
        Assert.Equal("web.2 web.3", Serving(told.Report("web.1", s => s with { Counts = true }).Settle()));
    }

    /// <summary>Taken from the new side's place, as one that stood in for a lost host would be.</summary>
    [Fact]
    public void One_of_the_old_release_beyond_those_wanted_counts_for_the_way_back()
    {
        var host = Switched.State.Placements[new HostId("host2")];
        var old = host.Instances.Single(p => p.Instance.Index == 1).Spec;
        var world = Abort(Switched).Put(
            StoreKeys.Placements(host.Host),
            host with
            {
                Instances = [.. host.Instances.Select(p => p.Instance.Index == 3 ? p with { Spec = old } : p)],
            },
            WireJson.Default.HostPlacements).Run();
        world = world.Report("web.0", s => s with { Phase = InstancePhase.Starting, Healthy = false });
        Assert.NotNull(Decide(Decide(world)).RolloutOf("web").ReturnsAt);
    }

    /// <summary>What was started while it was to refuse was taken at a word that its program never gave.</summary>
    [Fact]
    public void Of_whom_no_process_runs_it_is_known_only_by_what_it_said_before_that_it_can_be_told()
    {
        static InstanceStatus Ended(InstanceStatus status, bool? counts) =>
            status with { Pid = null, Counts = counts, Phase = InstancePhase.Waiting, Healthy = false };

        var mute = Baked.Report("web.0", s => Ended(s, null)).Report("web.1", s => Ended(s, null));
        Assert.Equal("", Refusing(Decide(mute)));
        Assert.Contains("web.0 on host1 cannot be told", Holds(mute), StringComparison.Ordinal);
        Assert.Contains(mute.Plan().Holds, h => h.Reason == HoldReason.WaitsForOtherSide);

        var known = Baked.Report("web.0", s => Ended(s, true)).Report("web.1", s => Ended(s, null));
        Assert.Equal("web.0 web.1", Refusing(Decide(known)));
    }

    /// <summary>All of the old side is left and has what is wanted again, but the other one serves.</summary>
    [Fact]
    public void Halted_as_the_old_side_was_about_to_be_replaced_it_hands_over_to_that_strictly_as_well()
    {
        var late = Switched.Put(
            StoreKeys.Rollout(Name), Switched.RolloutOf("web") with { Phase = RolloutPhase.Halted, Allowed = 2 },
            WireJson.Default.Rollout);
        var back = Decide(late.Apply(Web("1.0", Strict)));
        Assert.Equal((RolloutPhase.Running, "web.2 web.3"), (back.RolloutOf("web").Phase, Serving(back)));
        Assert.Equal("host1: web.0 web.2; host2: web.1 web.3", back.Placed());

        back = Decide(Decide(back.After(Bake)));
        Assert.Equal(("", "web.0 web.1 web.2 web.3"), (Serving(back), Refusing(back)));
        Assert.Equal("web.0 web.1", Serving(back.Run().Settle()));
    }

    [Fact]
    public void What_is_left_of_the_new_side_from_before_a_restart_of_all_is_not_waited_for()
    {
        var closed = Decide(Both(Strict with { MaxUnavailable = 1 }).After(Bake));
        var rollout = closed.RolloutOf("web");
        var host = closed.State.Placements[new HostId("host2")];
        var joined = closed.Intend(closed.State.IntentOf(Name) with { Restarts = 1 })
            .Put(StoreKeys.Rollout(Name), rollout with { To = rollout.To with { Restarts = 1 } }, WireJson.Default.Rollout)
            .Put(
                StoreKeys.Placements(host.Host),
                host with
                {
                    Instances = [.. host.Instances.Select(p => p.Instance.Index == 3 ? p with { Restarts = 1 } : p)],
                },
                WireJson.Default.HostPlacements)
            .Report("web.3", s => s with { Restarts = 1 });

        Assert.Equal("", Serving(Decide(joined)));
        Assert.Equal("web.3", Serving(Decide(Heed(joined, "web.0", "web.1"))));   // the other one leaves
    }
}
