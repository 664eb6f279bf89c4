using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Alerts;

public sealed class AlertRulesTests
{
    private static readonly DateTimeOffset Noon = World.Noon;
    private static readonly InstanceId Web0 = InstanceId.Wrap("web.0");
    private static readonly AlertReceiver Hook = new(ReceiverKind.Webhook, "http://127.0.0.1:1/secret");
    private static readonly string HookId = ReceiverNames.IdOf(Hook);

    private static World Quiet => World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 1)).Settle();

    private static World Held => Quiet.Apply(Specs.Service("web", 1), Specs.Service("big", 1).Memory(1L << 50));

    [Fact]
    public void A_cluster_without_trouble_has_an_empty_book_that_stays_the_same()
    {
        var book = Next(AlertBook.Empty, Quiet, Noon);
        Assert.Empty(book.Alerts);
        Assert.False(AlertRules.IsChanged(book, Next(book, Quiet, Noon + TimeSpan.FromHours(1))));
    }

    [Fact]
    public void A_hold_is_told_once_it_has_lasted_and_is_over_a_moment_after_it_is_gone()
    {
        var book = Next(AlertBook.Empty, Held, Noon);
        Assert.Empty(Next(book, Held, Noon + TimeSpan.FromMinutes(9.9)).Alerts);

        book = Next(book, Held, Noon + TimeSpan.FromMinutes(10));
        var alert = Assert.Single(book.Alerts);
        Assert.Equal(
            ("hold/no_host_fits/big.0", AlertKind.HoldTooLong, Noon, 1L), (alert.Key, alert.Kind, alert.Since, alert.Number));
        Assert.Same(alert, Assert.Single(Next(book, Held, Noon + TimeSpan.FromHours(5)).Alerts));

        var gone = Noon + TimeSpan.FromMinutes(20);
        book = Next(book, Held, gone);
        book = Next(book, Quiet, gone + TimeSpan.FromSeconds(29));
        Assert.Null(Assert.Single(book.Alerts).ResolvedAt);
        book = Next(book, Quiet, gone + TimeSpan.FromSeconds(31));
        Assert.Equal((gone + TimeSpan.FromSeconds(31), 2L), (book.Alerts[0].ResolvedAt, book.Alerts[0].Number));
        Assert.Empty(Next(book, Quiet, gone + TimeSpan.FromMinutes(16)).Alerts);
    }

    [Fact]
    public void Trouble_that_comes_back_within_a_moment_was_never_gone()
    {
        var book = Next(AlertBook.Empty, Held, Noon);
        for (var seconds = 0; seconds <= 600; seconds += 20)
        {
            book = Next(book, seconds % 40 == 0 ? Held : Quiet, Noon + TimeSpan.FromSeconds(seconds));
        }

        Assert.Equal(1, book.LastNumber);
        Assert.Null(Assert.Single(book.Alerts).ResolvedAt);
    }

    [Fact]
    public void A_silent_host_counts_from_its_silence_and_its_holds_are_not_told_besides()
    {
        var world = Quiet.Silence("host1");
        Assert.Empty(Next(AlertBook.Empty, world, Noon + TimeSpan.FromSeconds(59)).Alerts);

        var book = Next(AlertBook.Empty, world, Noon + TimeSpan.FromHours(1));

        Assert.Equal("host_silent/host1", Assert.Single(book.Alerts).Key);
        Assert.Equal(Noon, book.Alerts[0].Since);
    }

    [Fact]
    public void A_host_that_is_low_is_told_at_once_with_its_numbers()
    {
        var alert = Assert.Single(Next(AlertBook.Empty, Quiet.Low("host2", "low on disk on /: 1 GiB"), Noon).Alerts);
        Assert.Equal(("host_low/host2/disk:/", "host2: low on disk on /: 1 GiB"), (alert.Key, alert.Text));
    }

    [Fact]
    public void So_many_crashes_within_the_window_are_a_loop_whose_end_is_the_window_s()
    {
        var book = Next(AlertBook.Empty, Quiet, Noon, [.. Enumerable.Range(1, 4).Select(i => Exited(i, Noon))]);
        Assert.Empty(book.Alerts);
        Assert.Equal(4, book.LastEvent);

        var fifth = Noon + TimeSpan.FromMinutes(5);
        book = Next(book, Quiet, fifth, [Exited(5, fifth, asked: true)]);
        Assert.Empty(book.Alerts);
        book = Next(book, Quiet, fifth, [Exited(6, fifth)]);

        var alert = Assert.Single(book.Alerts);
        Assert.Equal(("crash_loop/web.0", Noon), (alert.Key, alert.Since));
        Assert.Equal("web.0 crashes again and again: 5 times within 10m", alert.Text);
        book = Next(book, Quiet, Noon + TimeSpan.FromMinutes(11));
        Assert.NotNull(Assert.Single(Next(book, Quiet, Noon + TimeSpan.FromMinutes(12)).Alerts).ResolvedAt);
    }

    [Fact]
    public void An_instance_that_crashes_again_and_again_is_told_once_not_as_a_hold_too()
    {
        var waiting = Quiet.Run("web.0");
        var book = Next(AlertBook.Empty, waiting, Noon);
        Assert.Single(Next(book, waiting, Noon + TimeSpan.FromMinutes(10)).Alerts);

        book = AlertBook.Empty;
        for (var minute = 0; minute < 20; minute++)
        {
            var at = Noon + TimeSpan.FromMinutes(minute);
            book = Next(book, waiting, at, Exited(minute + 1, at));
        }

        Assert.Equal("crash_loop/web.0", Assert.Single(book.Alerts).Key);
    }

    [Fact]
    public void Crashes_of_long_ago_that_an_agent_tells_late_are_no_loop() =>
        Assert.Empty(Next(
            AlertBook.Empty, Quiet, Noon,
            [.. Enumerable.Range(1, 9).Select(i => Exited(i, Noon - TimeSpan.FromHours(1)))]).Alerts);

    [Fact]
    public void What_an_event_tells_is_told_once_however_often_it_happens_and_ends_by_itself()
    {
        var book = Next(AlertBook.Empty, Quiet, Noon, [Quarantined(1)]);
        book = Next(book, Quiet, Noon + TimeSpan.FromMinutes(20), [Quarantined(2)]);
        Assert.Equal(1, book.LastNumber);

        book = Next(book, Quiet, Noon + TimeSpan.FromMinutes(49));
        Assert.Null(Assert.Single(book.Alerts).ResolvedAt);
        book = Next(book, Quiet, Noon + TimeSpan.FromMinutes(50));
        Assert.NotNull(Assert.Single(book.Alerts).ResolvedAt);
    }

    [Fact]
    public void A_webhook_is_told_each_change_once_in_order_and_what_it_has_not_heard_is_kept_for_it()
    {
        var world = WithHook(Quiet);
        var book = Next(AlertBook.Empty, world.Low("host1", "x").Low("host2", "x"), Noon);
        Assert.Equal([1L, 2L], AlertRules.Undelivered(book, HookId, null).Select(a => a.Number));

        book = AlertRules.Delivered(book, HookId, 1);
        Assert.Equal([2L], AlertRules.Undelivered(book, HookId, null).Select(a => a.Number));
        book = Next(book, world, Noon + TimeSpan.FromHours(1));
        Assert.Equal(2, book.Alerts.Length);
        book = Next(book, world, Noon + TimeSpan.FromDays(6));
        Assert.Equal([3L, 4L], AlertRules.Undelivered(book, HookId, null).Select(a => a.Number));
        book = AlertRules.Delivered(book, HookId, 4);
        Assert.Empty(Next(book, world, Noon + TimeSpan.FromDays(6)).Alerts);
    }

    [Fact]
    public void A_webhook_that_is_new_hears_what_fires_and_nothing_of_before()
    {
        var book = Next(AlertBook.Empty, Quiet.Low("host1", "x"), Noon);
        book = Next(book, Quiet.Low("host2", "x"), Noon + TimeSpan.FromMinutes(1));

        book = Next(book, WithHook(Quiet.Low("host2", "x")), Noon + TimeSpan.FromMinutes(1));

        Assert.Equal("host_low/host2/disk:/", AlertRules.Undelivered(book, HookId, null).First().Key);
        Assert.Empty(AlertRules.Undelivered(Next(AlertBook.Empty, WithHook(Quiet), Noon), HookId, null));
    }

    [Fact]
    public void The_book_has_a_bound_however_much_is_wrong()
    {
        var events = Enumerable.Range(1, 3_000).Select(i => Quarantined(i) with { Instance = InstanceId.Wrap($"web.{i}") });
        var book = Next(AlertBook.Empty, Quiet, Noon, [.. events]);
        Assert.Equal(AlertRules.AlertsMax, book.Alerts.Length);
    }

    private static AlertBook Next(AlertBook book, World world, DateTimeOffset now, params EventRecord[] events) =>
        AlertRules.Next(book, new AlertView(world.State, world.Plan().Holds, [.. events]), now);

    private static World WithHook(World world)
    {
        var applied = world.State.Applied!;
        return world.Put(
            StoreKeys.CurrentSpec,
            applied with { Spec = applied.Spec with { Alerts = Defaults.Alerts with { Receivers = [Hook] } } },
            WireJson.Default.AppliedSpec);
    }

    private static EventRecord Exited(long id, DateTimeOffset at, bool asked = false) => new()
    {
        Id = id,
        At = at,
        Kind = EventKind.InstanceExited,
        Instance = Web0,
        Text = "exit code 1",
        Exit = new InstanceExit
        {
            Incarnation = new Incarnation(id), At = at, Ran = TimeSpan.Zero, Reason = "exit code 1", Asked = asked,
        },
    };

    private static EventRecord Quarantined(long id) => new()
    {
        Id = id, At = Noon, Kind = EventKind.ReleaseQuarantined, Host = new HostId("host1"), Text = "web@1 was edited",
    };
}
