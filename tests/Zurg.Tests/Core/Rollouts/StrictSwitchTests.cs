using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;
using static Zurg.Tests.Core.Rollouts.StrictWorlds;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>One side refuses, and says so, before the other one is shown: on the way there and on the way back.</summary>
public sealed class StrictSwitchTests
{
    [Fact]
    public void The_new_side_is_shown_once_everybody_of_the_old_one_has_said_that_it_refuses()
    {
        Assert.Equal(("", "web.0 web.1"), (Serving(Closed), Refusing(Closed)));
        Assert.Contains(
            "the new side of web waits until the old one refuses: web.0 on host1 has not said so yet, nor have 1 more",
            Holds(Closed), StringComparison.Ordinal);

        var one = Heed(Closed, "web.1");
        Assert.Equal("", Serving(Decide(one)));
        Assert.Contains("web.0 on host1 has not said so yet", Holds(one), StringComparison.Ordinal);
        Assert.Equal("web.2 web.3", Serving(Decide(Heed(one, "web.0"))));

        var leaving = Leaving(Heed(one, "web.0"));
        Assert.Equal("", Serving(Decide(leaving)));
        Assert.Contains("web.7 on host2 has not said so yet", Holds(leaving), StringComparison.Ordinal);
    }

    [Fact]
    public void On_the_way_back_the_old_side_is_shown_once_the_new_one_refuses_and_it_accepts_again_itself()
    {
        Assert.Equal(("", "web.0 web.1 web.2 web.3"), (Serving(Returning), Refusing(Returning)));
        Assert.Contains(
            "the old side of web waits until the new one refuses: web.2 on host1 has not said so yet, nor have 1 more",
            Holds(Returning), StringComparison.Ordinal);

        var refused = Decide(Heed(Returning, "web.2", "web.3"));
        Assert.Equal(("", "web.2 web.3"), (Serving(refused), Refusing(refused)));
        Assert.Contains(
            "web.0 on host1 is shown to its consumers once it says that it accepts requests again", Holds(refused),
            StringComparison.Ordinal);

        Assert.Equal("web.0", Serving(Decide(Heed(refused, "web.0"))));
        Assert.Equal("web.0 web.1", Serving(Decide(Heed(refused, "web.0", "web.1"))));
        var over = refused.Run().Settle();
        Assert.Equal(("host1: web.0; host2: web.1", RolloutPhase.Completed), (over.Placed(), over.RolloutOf("web").Phase));
    }

    [Fact]
    public void What_it_said_the_first_time_does_not_count_for_the_second()
    {
        var again = Abort(Switched).Settle().Say("web", w => w with { Retry = true }).Settle().After(Bake);
        again = Decide(again);
        Assert.Equal(("", "web.0 web.1"), (Serving(again), Refusing(again)));

        var stale = again.Report("web.0", s => s with { Refuses = true }).Report("web.1", s => s with { Refuses = true });
        Assert.Equal("", Serving(Decide(stale)));
        Assert.NotEqual("", Serving(Decide(again.Run())));
    }

    [Fact]
    public void Nobody_refuses_before_it_is_known_that_all_of_both_sides_can_be_told()
    {
        foreach (var mute in (string[])["web.1", "web.2"])
        {
            var world = Decide(Baked.Report(mute, s => s with { Counts = null }));
            Assert.Equal(("web.0 web.1", ""), (Serving(world), Refusing(world)));
            Assert.Contains($"the old side of web serves on: {mute} on host", Holds(world), StringComparison.Ordinal);
        }

        var leaving = Leaving(Baked);
        Assert.Contains("serves on: web.7 has not ended on host2", Holds(leaving), StringComparison.Ordinal);
        Assert.Equal("web.0 web.1", Serving(Decide(leaving)));
    }

    [Fact]
    public void The_way_back_waits_while_somebody_cannot_be_told_or_too_few_of_the_old_side_are_there()
    {
        var silent = Decide(Decide(Abort(Switched).Silence("host2")));
        Assert.Equal("web.2 web.3", Serving(silent));
        Assert.Contains(
            "the way back of web waits, and the new side serves on: host2 is silent", Holds(silent), StringComparison.Ordinal);

        var crashed = Abort(Switched).Report("web.0", s => s with { Phase = InstancePhase.Starting, Healthy = false });
        crashed = Decide(Decide(crashed));
        Assert.Equal("web.2 web.3", Serving(crashed));
        Assert.Contains("1 of the old one are ready, and it takes 2", Holds(crashed), StringComparison.Ordinal);
        Assert.Equal("web.0 web.1", Serving(crashed.Run().Settle()));

        // Found by the simulator: one of those wanted has an even older release, and is none of the old side.
        var older = Switched.State.Placements[new HostId("host1")];
        var stale = Abort(Switched).Put(
            StoreKeys.Placements(older.Host),
            older with
            {
                Instances = [.. older.Instances.Select(p => p.Instance.Index == 0 ? p with { Spec = Digest.Of("older"u8) } : p)],
            },
            WireJson.Default.HostPlacements).Run();
        for (var round = 0; round < 20 && stale.RolloutOf("web").Phase != RolloutPhase.Completed; round++)
        {
            stale = Decide(stale).Run();
        }

        Assert.Equal("web.0 web.1", Serving(stale));
    }

    [Fact]
    public void A_word_for_strict_false_ends_what_cannot_be_told()
    {
        var loose = Web("2.0", Strict with { BlueGreen = new BlueGreenPolicy(Kept, Strict: false) });
        Assert.Equal("web.2 web.3", Serving(Decide(Closed.Apply(loose))));

        var back = Decide(Returning.Apply(loose));
        Assert.Equal("", Serving(back));   // told first: who still refuses is shown to nobody
        Assert.Equal("web.0 web.1", Serving(Decide(Heed(back, "web.0", "web.1"))));
    }

    /// <summary>Found by the simulator: who served was told to refuse, and nobody was left.</summary>
    [Fact]
    public void What_is_not_strict_any_more_does_not_become_so_again_before_its_end()
    {
        var loose = Web("2.0", Strict with { BlueGreen = new BlueGreenPolicy(Kept, Strict: false) });
        var back = Decide(Decide(Abort(Switched).Apply(loose)));
        back = Decide(Heed(back, "web.0", "web.1"));
        Assert.Contains("web.0 web.1", Serving(back), StringComparison.Ordinal);

        var again = Decide(Decide(back.Apply(Web("2.0", Strict))));
        Assert.Contains("web.0 web.1", Serving(again), StringComparison.Ordinal);
        Assert.Equal("", Refusing(again));
    }

    [Fact]
    public void Between_its_sides_neither_a_pause_nor_a_missing_release_keeps_it()
    {
        var paused = Closed.Say("web", w => w with { Paused = true });
        Assert.Equal("web.2 web.3", Serving(Decide(paused.Run())));
        Assert.Equal("web.2 web.3", Serving(Decide(Closed.Apply([Web("9.9", Strict)], push: false).Run())));
    }

    [Fact]
    public void Before_the_switch_a_halt_or_a_lost_new_side_lets_the_old_one_serve_again()
    {
        var byHand = Decide(Both(Strict with { Rollback = RollbackMode.Manual }).After(Bake));
        byHand = byHand.Report("web.2", s => s with { CrashesSinceChange = 1 });
        Assert.Equal("web.0 web.1", Serving(byHand.Settle()));
        Assert.Equal(RolloutPhase.Halted, byHand.Settle().RolloutOf("web").Phase);

        var silent = Decide(Closed.Silence("host1"));
        Assert.Equal((RolloutPhase.Running, null), (silent.RolloutOf("web").Phase, silent.RolloutOf("web").ClosedAt));
        Assert.Equal("", Refusing(silent));
        Assert.Equal("web.1", Serving(Decide(Heed(silent, "web.1"))));
    }

    [Fact]
    public void Once_the_old_side_is_being_replaced_there_is_no_way_back()
    {
        var late = Decide(Decide(Switched.After(Kept)));
        Assert.True(late.RolloutOf("web").Allowed > 0);
        var refused = Assert.IsType<RolloutAnswer.Refused>(RolloutAsking.Say(
            RolloutWord.Abort, late.State.IntentOf(Name), late.RolloutOf("web"), [], null, "ann"));
        Assert.Contains("has no way back any more", refused.Text, StringComparison.Ordinal);
        Assert.Equal("let it end, then: zurg rollout start web 1.0", refused.Mend);

        Assert.Equal(RolloutPhase.Running, Decide(Abort(late)).RolloutOf("web").Phase);
        var failed = Decide(late.Report("web.2", s => s with { CrashesSinceChange = 1 }));
        Assert.Equal(RolloutPhase.Halted, failed.RolloutOf("web").Phase);
        Assert.Equal("web.2 web.3", Serving(failed));
        refused = Assert.IsType<RolloutAnswer.Refused>(RolloutAsking.Say(
            RolloutWord.Abort, failed.State.IntentOf(Name), failed.RolloutOf("web"), [], null, "ann"));
        Assert.Equal("zurg rollout start web 1.0", refused.Mend);
        refused = Assert.IsType<RolloutAnswer.Refused>(RolloutAsking.Say(
            RolloutWord.Pause, failed.State.IntentOf(Name), failed.RolloutOf("web"), [], null, "ann"));
        Assert.Equal("zurg rollout resume web", refused.Mend);
    }

    /// <summary>Found by the simulator: it waited for a side that could never be all there is.</summary>
    [Theory]
    [InlineData("1.0")]
    [InlineData("3.0")]
    public void Halted_without_a_way_back_it_is_followed_by_another_release_that_the_new_side_hands_over_to(string next)
    {
        var world = Decide(Decide(Switched.After(Kept)));
        world = Decide(world.Report("web.2", s => s with { CrashesSinceChange = 1 })).Apply(Web(next, Strict));
        for (var round = 0; round < 60 && !world.Plan().IsConverged; round++)
        {
            world = Decide(world);
            var versions = world.Versions("web");
            Assert.True(world.Naming.SetOf(Name).Endpoints.Select(e => versions.Split(' ')
                .Single(v => v.StartsWith($"{e.Instance}=", StringComparison.Ordinal)).Split('=')[1]).Distinct().Count() <= 1);
            world = world.Run().After(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(($"web.0={next} web.1={next}", "web.0 web.1"), (world.Versions("web"), Serving(world)));
    }

    [Fact]
    public void What_is_left_of_the_new_side_goes_on_refusing_after_the_way_back()
    {
        var back = Decide(Heed(Returning, "web.2", "web.3"));
        while (back.RolloutOf("web").Phase != RolloutPhase.Completed)
        {
            back = Decide(Heed(back, "web.0", "web.1"));
        }

        back = Decide(back);
        Assert.Equal(("web.0 web.1", "web.2 web.3"), (Serving(back), Refusing(back)));

        var again = Decide(Decide(back.Say("web", w => w with { Retry = true })));
        Assert.Equal(3, again.RolloutOf("web").Number);
        Assert.Equal(("web.0 web.1", "web.2 web.3"), (Serving(again), Refusing(again)));
    }

    [Fact]
    public void What_gets_the_new_release_in_place_is_not_told_to_refuse()
    {
        var world = Switched.After(Kept);
        for (var round = 0; round < 30 && world.RolloutOf("web").Phase == RolloutPhase.Running; round++)
        {
            world = Decide(world);
            Assert.DoesNotContain(world.State.Placements.Values.SelectMany(h => h.Instances), p =>
                p.Refuse is true && world.Versions("web").Contains($"{p.Instance}=2.0", StringComparison.Ordinal));
            world = world.Run();
        }

        Assert.Equal(("web.0 web.1", RolloutPhase.Completed), (Serving(world), world.RolloutOf("web").Phase));
    }

    [Fact]
    public void Something_newer_waits_until_it_is_settled_who_answers()
    {
        foreach (var world in (World[])[Closed, Returning])
        {
            var newer = Decide(world.Apply(Web("3.0", Strict)));
            Assert.Equal(2, newer.RolloutOf("web").Number);
            Assert.Contains("web's next rollout begins when the side that rollout 2", Holds(newer), StringComparison.Ordinal);
            newer = newer.Run().Settle().After(Kept).Settle().After(Bake).Settle().After(Kept).Settle();
            Assert.Equal("web.0=3.0 web.1=3.0", newer.Versions("web"));
        }
    }

    [Fact]
    public void The_old_release_asked_for_in_the_middle_is_a_way_back_like_any_other()
    {
        var back = Decide(Decide(Switched.After(Bake).Apply(Web("1.0", Strict))));
        Assert.Equal((3, RolloutPhase.RollingBack), (back.RolloutOf("web").Number, back.RolloutOf("web").Phase));
        Assert.Equal(("", "web.0 web.1 web.2 web.3"), (Serving(back), Refusing(back)));
        Assert.Equal("web.0 web.1", Serving(back.Run().Settle()));
    }

    [Fact]
    public void Where_nobody_is_wanted_any_more_there_is_nobody_to_wait_for()
    {
        var world = World.Of("host1@az1", "host2@az2").Speaking().Apply(Web("1.0", Strict)).Settle()
            .Apply(Specs.Service("web", 0, "2.0") with { Update = Strict }).Settle().After(Bake);
        for (var round = 0; round < 6; round++)
        {
            world = Decide(world);
        }

        Assert.NotNull(world.RolloutOf("web").SwitchedAt);
        Assert.Equal(RolloutPhase.Completed, world.After(Kept).Settle().RolloutOf("web").Phase);
    }
}
