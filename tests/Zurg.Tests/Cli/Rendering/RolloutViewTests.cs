using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Rendering;

public sealed class RolloutViewTests
{
    private static readonly DateTimeOffset Now = Rollouts.Now;

    public static TheoryData<string, RolloutStatus> Lines() => new()
    {
        { "running  1 of 4 have 1.1, stage 1 of 4", Rollouts.Running },
        { "baking  1 of 4 have 1.1, stage 1 of 4, watched for another 7s", Rollouts.Baking },
        { "running  2 of 6 have 1.1, 1 of them not ready yet (2 spares among all), stage 2 of 4",
            Rollouts.Running with { OnTarget = 2, Spares = 2, Rollout = Rollouts.Running.Rollout with { Allowed = 2 } } },
        { "paused  1 of 4 have 1.1, stage 1 of 4", Rollouts.Baking with { Paused = true } },
        { "waits for promotion  1 of 4 have 1.1, stage 1 of 4, goes on by: zurg rollout promote web",
            Rollouts.Running with { WaitsForPromotion = true } },
        { "running  1 of 4 have 1.1", Rollouts.Running with { Stages = [4] } },
        { "halted  1 of 4 have 1.1", Rollouts.Halted },
        { "going back  1 of 4 have 1.0", Rollouts.GoingBack },
        { "taken back  1 of 4 have 1.0", Rollouts.TakenBack },
        { "complete  4 of 4 have 1.1", Rollouts.Complete },
        { "complete  5 of 5 have 1.1 (1 spare among all)", Rollouts.Complete with { OnTarget = 5, Spares = 1 } },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_rollout_is_one_line(string expected, RolloutStatus status) => Assert.Equal(
        $"rollout 4 of web (release 1.0 -> 1.1 (spec 7 by ann))  {expected}\n",
        PlainView.TextOf([RolloutView.Line(status, Now)]));

    [Fact]
    public void The_view_shows_stages_instances_and_holds()
    {
        var hold = new Hold(HoldReason.Baking, "1 of web have the new one") { Service = Rollouts.Web };
        Assert.Equal(
            "rollout 4 of web  release 1.0 -> 1.1 (spec 7 by ann)\n"
            + "  baking for 12s  1 of 4 have 1.1\n"
            + "  stages  ✓1  2  3  4  instances\n"
            + "  watched for another 7s\n"
            + "INSTANCE  HOST   RELEASE       PHASE  FOR\n"
            + "web.0     host1  1.1      new  ready  5s\n"
            + "web.1     host1  1.0      old  ready  5s\n"
            + "1 hold:\n"
            + "  web: baking  1 of web have the new one\n",
            PlainView.TextOf(RolloutView.Of(Rollouts.Service(Rollouts.Baking), [hold], Now)));
    }

    public static TheoryData<string, Func<Rollout, Rollout>> Turns() => new()
    {
        { "the new side serves since 9s; the old one runs on, for the way back", r => r with { SwitchedAt = Ago } },
        { "the new side serves since 9s; the old one is being replaced", r => r with { SwitchedAt = Ago, Allowed = 4 } },
        { "nobody takes new requests since 9s: the old side ends what it has accepted", r => r with { ClosedAt = Ago } },
        { "nobody takes new requests since 9s: the new side ends what it has accepted",
            r => r with { Phase = RolloutPhase.RollingBack, ClosedAt = Now, SwitchedAt = Now, ReturnsAt = Ago } },
        { "the old side takes over again since 9s",
            r => r with { Phase = RolloutPhase.RollingBack, SwitchedAt = Now, ReturnsAt = Now, ReturnedAt = Ago } },
    };

    private static DateTimeOffset Ago => Now.AddSeconds(-9);

    [Theory]
    [MemberData(nameof(Turns))]
    public void Of_two_sides_it_is_said_which_one_answers(string expected, Func<Rollout, Rollout> change)
    {
        var rollout = change(Rollouts.Running.Rollout with { BlueGreen = true, Allowed = 0 });
        var text = PlainView.TextOf(RolloutView.Of(Rollouts.Service(Rollouts.Running with { Rollout = rollout }), [], Now));
        Assert.Contains($"\n  {expected}\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_went_wrong_is_said_and_a_spare_is_named()
    {
        var service = Rollouts.Service(Rollouts.Halted with { Spares = 1 });
        service = service with { Instances = [.. service.Instances, Rollouts.Instance("web.4", "1.1", upToDate: true)] };
        var text = PlainView.TextOf(RolloutView.Of(service, [], Now));
        Assert.Contains("\n  because web.0 ended by itself\n", text, StringComparison.Ordinal);
        Assert.Contains("\n  stages  ▸1  2  3  4  instances\n", text, StringComparison.Ordinal);
        Assert.Contains("web.4     host1  1.1      new, spare", text, StringComparison.Ordinal);
    }

    [Fact]
    public void All_of_them_are_a_line_each()
    {
        Assert.Equal(
            "SERVICE  ROLLOUT  STATE   HAVE IT  BEGAN    WHAT\n"
            + "web      4        baking  1/4      12s ago  release 1.0 -> 1.1 (spec 7 by ann)\n",
            PlainView.TextOf(RolloutView.List([Rollouts.Baking], Now)));
        Assert.Contains("zurg rollout start", PlainView.TextOf(RolloutView.List([], Now)), StringComparison.Ordinal);
    }

    [Fact]
    public void Status_tells_of_what_is_under_way_and_of_what_was_taken_back_but_not_of_history()
    {
        var running = PlainView.TextOf(StatusView.Of(Rollouts.Status(Rollouts.Baking), Now));
        Assert.Contains("web      web@1.1  4/4    baking\n", running, StringComparison.Ordinal);
        Assert.Contains("\nrollout 4 of web (release 1.0", running, StringComparison.Ordinal);
        Assert.Contains(
            "rollout 4 of web", PlainView.TextOf(StatusView.Brief(Rollouts.Status(Rollouts.TakenBack), Now)),
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            "rollout", PlainView.TextOf(StatusView.Of(Rollouts.Status(Rollouts.Complete), Now)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_says_nothing_that_moves_by_itself() => Assert.Equal(
        RolloutView.Change(Rollouts.Baking),
        RolloutView.Change(Rollouts.Baking with { BakesUntil = Now.AddSeconds(3) }));
}
