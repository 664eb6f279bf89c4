using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Naming;

public sealed class LocalConfirmationsTests
{
    private static readonly ServiceName Web = new("web");
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(1);
    private static readonly SubscriberId One = Id(1);
    private static readonly SubscriberId Two = Id(2);

    private static LocalConfirmations At5 => LocalConfirmations.Empty.Took(Web, new Revision(5), Now);

    [Fact]
    public void A_service_without_a_set_is_not_in_the_word_and_one_without_subscribers_is_confirmed_as_soon_as_it_is_here()
    {
        Assert.Equal("", Said(LocalConfirmations.Empty.Join(Web, One, "one")));
        Assert.Equal("web 5", Said(At5));
    }

    [Fact]
    public void Who_joins_uses_nothing_until_it_is_told_and_then_what_it_was_told_first()
    {
        var joined = At5.Join(Web, One, "one");
        Assert.Equal("web 5", Said(joined));
        Assert.Equal("web 6", Said(Took(joined, 6)));
        var told = Tell(joined, One, 5);
        Assert.Equal("web 5", Said(told));
        Assert.Equal("web 5 late: one 5", Said(Took(told, 6)));
        Assert.Equal("web 5 late: one 5", Said(Tell(Took(told, 6), One, 6)));
    }

    [Fact]
    public void The_slowest_subscriber_decides_and_each_is_named()
    {
        var both = Tell(Tell(At5.Join(Web, One, "one").Join(Web, Two, "two"), One, 5), Two, 5);
        var newer = Tell(Tell(Took(both, 6), One, 6), Two, 6);
        Assert.Equal("web 5 late: one 5, two 5", Said(newer));
        Assert.Equal("web 5 late: two 5", Said(Confirm(newer, One, 6)));
        Assert.Equal("web 6", Said(Confirm(Confirm(newer, One, 6), Two, 6)));
    }

    [Fact]
    public void A_late_one_is_late_since_it_was_told_of_something_newer_for_the_first_time()
    {
        var told = Tell(At5.Join(Web, One, "one"), One, 5);
        var behind = Took(Took(told, 6).Tell(Web, One, new Revision(6), Now.AddSeconds(6)), 7)
            .Tell(Web, One, new Revision(7), Now.AddSeconds(7));
        Assert.Equal(Now.AddSeconds(6), behind.Word().Services.Single().Late.Single().Since);
        Assert.Equal(Now.AddSeconds(6), Confirm(behind, One, 6).Word().Services.Single().Late.Single().Since);
        var again = Took(Confirm(behind, One, 7), 8).Tell(Web, One, new Revision(8), Now.AddSeconds(8));
        Assert.Equal(Now.AddSeconds(8), again.Word().Services.Single().Late.Single().Since);
    }

    [Fact]
    public void An_old_word_takes_nothing_back()
    {
        var at6 = Confirm(Tell(Took(At5, 6).Join(Web, One, "one"), One, 6), One, 6);
        Assert.Equal("web 6", Said(Confirm(at6, One, 5)));
    }

    [Fact]
    public void A_word_for_what_was_never_here_or_of_somebody_unknown_changes_nothing()
    {
        var told = Tell(At5.Join(Web, One, "one"), One, 5);
        Assert.Equal(ConfirmOutcome.NeverGiven, told.Confirm(Web, One, new Revision(6)).Outcome);
        Assert.Equal(ConfirmOutcome.NotFollowing, told.Confirm(Web, Two, new Revision(5)).Outcome);
        Assert.Equal(ConfirmOutcome.NotFollowing, told.Confirm(new ServiceName("db"), One, new Revision(5)).Outcome);
        Assert.Same(told, told.Confirm(Web, One, new Revision(6)).After);
    }

    [Fact]
    public void Who_comes_again_keeps_what_it_used()
    {
        var silent = Took(Tell(At5.Join(Web, One, "one"), One, 5), 6);
        Assert.Equal("web 5 late: one 5", Said(Tell(silent.Join(Web, One, "one"), One, 6)));
    }

    [Fact]
    public void Only_an_ended_process_and_a_goodbye_are_waited_for_no_more()
    {
        var late = Took(Tell(At5.Join(Web, One, "one"), One, 5), 6);
        Assert.Equal("web 5 late: one 5", Said(late.Forget(Web)));
        Assert.Equal("web 6", Said(late.Leave(Web, One)));
        Assert.Equal("web 5 late: one 5", Said(late.End(new HashSet<ProcessIdentity> { Two.Process })));
        Assert.Equal("web 6", Said(late.End(new HashSet<ProcessIdentity> { One.Process })));
        Assert.Equal("", Said(late.Leave(Web, One).Forget(Web)));
    }

    [Fact]
    public void A_restarted_agent_says_no_more_than_what_each_earlier_subscriber_is_known_to_use_until_it_confirms_again()
    {
        var restarted = Took(LocalConfirmations.Empty, 6).Remember(Web, One, "one", new Revision(0), Now);
        Assert.Equal("web 0 late: one 0", Said(restarted));
        Assert.Equal("web 0 late: one 0", Said(Tell(restarted.Join(Web, One, "one"), One, 6)));
        Assert.Equal("web 6", Said(Confirm(restarted, One, 6)));
        var known = Took(LocalConfirmations.Empty, 6).Remember(Web, One, "one", new Revision(4), Now);
        Assert.Equal("web 4 late: one 4", Said(known));
    }

    [Fact]
    public void A_restarted_agent_that_lost_its_sets_is_certain_of_nothing()
    {
        var restarted = LocalConfirmations.Empty.Remember(Web, One, "one", new Revision(4), Now);
        Assert.Equal("web 0 late: one 4", Said(restarted));
        Assert.True(restarted.Follows(Web));
    }

    [Fact]
    public void Who_is_told_an_older_set_by_an_agent_that_lost_newer_ones_uses_that()
    {
        var restarted = Took(LocalConfirmations.Empty, 5).Remember(Web, One, "one", new Revision(6), Now);
        Assert.Equal("web 5 late: one 5", Said(Took(Tell(restarted, One, 5), 6)));
    }

    [Fact]
    public void Two_readers_in_one_process_are_waited_for_apart()
    {
        var other = One with { Part = "other" };
        var told = Tell(Tell(At5.Join(Web, One, "one").Join(Web, other, "other"), One, 5), other, 5);
        Assert.Equal("web 5 late: other 5", Said(Confirm(Took(told, 6), One, 6)));
    }

    [Fact]
    public void No_more_late_ones_than_the_limit_are_named_and_those_who_wait_longest_are()
    {
        var many = Enumerable.Range(1, 40).Aggregate(At5, (s, i) => Tell(s.Join(Web, Id(i), $"{i:00}"), Id(i), 5));
        var behind = Enumerable.Range(1, 40).Aggregate(
            Took(many, 6), (s, i) => s.Tell(Web, Id(i), new Revision(6), Now.AddSeconds(-i)));
        Assert.Equal(
            Enumerable.Range(0, ConfirmedRevision.LateMax).Select(i => $"{40 - i}"),
            behind.Word().Services.Single().Late.Select(l => l.Name));
    }

    /// <summary>
    /// Promise 2, the host's half. Each actor lives its own life: it is told sets, begins to use them later, may forget to say
    /// so, may stop for ever, may die; the agent restarts and remembers only what was written down at some earlier time.
    /// </summary>
    [Fact]
    public void What_is_said_is_never_newer_than_what_any_living_subscriber_uses() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2_000),
        Prop.ForAll(Gen.Choose(0, 10_000).ListOf(80).Select(l => l.ToArray()).ToArbitrary(), LivesWithoutALie));

    private static void LivesWithoutALie(int[] choices)
    {
        var host = new Host();
        foreach (var choice in choices)
        {
            host.Do(choice);
            var living = host.Actors.Where(a => a.Alive && a.InUse is not null).Select(a => a.InUse!.Value).ToList();
            var said = host.Naming.Word().Services.SingleOrDefault();
            Assert.True(
                living.Count == 0 || (said is not null && said.Revision.Value <= living.Min()),
                $"said {said?.Revision.Value}, in use {string.Join(' ', living)}");
        }
    }

    private sealed class Actor(int number)
    {
        public SubscriberId Id { get; } = LocalConfirmationsTests.Id(number);

        public bool Alive { get; set; } = true;

        public long? InUse { get; set; }

        /// <summary>Written to it, not read yet.</summary>
        public long? Given { get; set; }
    }

    private sealed class Host
    {
        private long _newest;
        private ImmutableArray<(SubscriberId Id, Revision AtLeast)> _kept = [];
        private long _keptSet;
        private int _born;

        public List<Actor> Actors { get; } = [];

        public LocalConfirmations Naming { get; private set; } = LocalConfirmations.Empty;

        public void Do(int choice)
        {
            var actor = Actors.Count == 0 ? null : Actors[choice / 10 % Actors.Count];
            switch (choice % 10)
            {
                case 0 or 1:
                    Naming = Took(Naming, ++_newest);
                    break;
                case 2:
                    // It is written down before it is told anything.
                    Actors.Add(actor = new Actor(++_born));
                    Naming = Naming.Join(Web, actor.Id, "");
                    _kept = _kept.Add((actor.Id, new Revision(0)));
                    break;
                case 3 or 4 when actor is { Alive: true } && _newest > 0:
                    var told = Tell(Naming.Join(Web, actor.Id, ""), actor.Id, _newest);
                    if (told.UseOf(Web, actor.Id)!.Uses is { } lowered && lowered < Naming.UseOf(Web, actor.Id)?.Uses)
                    {
                        // So is what is lower than before.
                        _kept = [.. _kept.Where(k => k.Id != actor.Id), (actor.Id, lowered)];
                    }

                    Naming = told;
                    (actor.Given, actor.InUse) = (_newest, actor.InUse ?? _newest);
                    break;
                case 5 when actor is { Alive: true, Given: not null }:
                    actor.InUse = actor.Given;
                    break;
                case 6 when actor is { Alive: true, InUse: { } inUse } && !(actor.Given < inUse):
                    Naming = Confirm(Naming, actor.Id, inUse);
                    break;
                case 7 when actor is { Alive: true }:
                    actor.Alive = false;
                    Naming = Naming.End(new HashSet<ProcessIdentity> { actor.Id.Process });
                    break;
                case 8:
                    // What is kept is renewed now and then only.
                    _kept =
                    [
                        .. Naming.Services.Values.SelectMany(s => s.Uses.Values)
                            .Select(u => (u.Subscriber, u.Uses ?? new Revision(0))),
                    ];
                    break;
                case 9 when choice % 3 == 0:
                    Restart();
                    break;
                case 9:
                    _keptSet = _newest;
                    break;
                default:
                    break;
            }
        }

        private void Restart()
        {
            // The master says the newest ones again later.
            _newest = _keptSet;
            Naming = _kept.Where(k => Actors.Exists(a => a.Alive && a.Id == k.Id)).Aggregate(
                _newest > 0 ? Took(LocalConfirmations.Empty, _newest) : LocalConfirmations.Empty,
                (s, k) => s.Remember(Web, k.Id, "", k.AtLeast, Now));
        }
    }

    private static SubscriberId Id(int pid) => new(new ProcessIdentity(pid, 100, "boot"), "");

    private static LocalConfirmations Took(LocalConfirmations s, long revision) => s.Took(Web, new Revision(revision), Now);

    private static LocalConfirmations Tell(LocalConfirmations s, SubscriberId who, long revision) =>
        s.Tell(Web, who, new Revision(revision), Now);

    private static LocalConfirmations Confirm(LocalConfirmations s, SubscriberId who, long revision) =>
        s.Confirm(Web, who, new Revision(revision)).After;

    private static string Said(LocalConfirmations s) => string.Join("; ", s.Word().Services.Select(c =>
        $"{c.Service} {c.Revision}"
        + (c.Late.IsEmpty ? "" : " late: " + string.Join(", ", c.Late.Select(l => $"{l.Name} {l.Revision}")))));
}
