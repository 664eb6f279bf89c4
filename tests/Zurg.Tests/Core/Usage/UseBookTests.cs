using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Usage;

public sealed class UseBookTests
{
    private static readonly ServiceName Solver = new("solver");
    private static readonly DateTimeOffset Noon = World.Noon;

    [Fact]
    public void A_nightly_client_is_told_when_it_comes_and_when_it_has_gone_and_is_known_for_31_days()
    {
        var book = UseBook.Begin(Noon).Look([Connected("report.py")], Noon);
        var come = Assert.Single(book.After(0)!.Sightings);
        Assert.Equal((true, Noon, "report.py"), (come.Open, come.Last, come.Command));

        book = book.Look([Connected("report.py")], Noon.AddSeconds(10));
        Assert.Null(book.After(1));   // that it goes on is nothing new
        book = book.Look([], Noon.AddSeconds(20));
        var gone = Assert.Single(book.After(1)!.Sightings);
        Assert.Equal((false, Noon, Noon.AddSeconds(10)), (gone.Open, gone.First, gone.Last));

        Assert.Single(book.Look([], gone.Last + UseBook.KeptFor).Lines);
        Assert.Empty(book.Look([], gone.Last + UseBook.KeptFor + TimeSpan.FromSeconds(1)).Lines);
    }

    [Fact]
    public void A_client_that_comes_again_with_another_process_is_the_same_client()
    {
        var book = UseBook.Begin(Noon).Look([Connected("report.py", 7)], Noon).Look([], Noon.AddSeconds(10));
        book = book.Look([Connected("report.py", 8)], Noon.AddDays(1));
        var line = Assert.Single(book.Lines.Values).Sighting;
        Assert.Equal((true, 8, Noon, Noon.AddDays(1)), (line.Open, line.Pid, line.First, line.Last));
    }

    [Fact]
    public void Which_of_its_processes_comes_first_in_a_look_is_no_news()
    {
        var book = UseBook.Begin(Noon).Look([Connected("nginx", 9), Connected("nginx", 8)], Noon);
        Assert.Equal(8, Assert.Single(book.Lines.Values).Sighting.Pid);
        Assert.Equal(book.Number, book.Look([Connected("nginx", 9), Connected("nginx", 8)], Noon.AddSeconds(10)).Number);
        Assert.Equal(9, Assert.Single(book.Look([Connected("nginx", 9)], Noon.AddSeconds(10)).Lines.Values).Sighting.Pid);
    }

    [Fact]
    public void What_goes_on_is_told_again_each_hour()
    {
        var book = UseBook.Begin(Noon).Look([Connected("a")], Noon);
        Assert.Null(book.Look([Connected("a")], Noon.AddMinutes(59)).After(book.Number));
        var later = book.Look([Connected("a")], Noon.AddMinutes(60)).After(book.Number)!;
        Assert.Equal((true, Noon.AddMinutes(60)), (later.Sightings[0].Open, later.Sightings[0].Last));
    }

    [Fact]
    public void Who_asks_is_a_client_until_it_has_not_asked_for_a_while()
    {
        var asked = new SeenUse(Solver, UseEvidence.Asked, new UseClient(null, "curl", Pid: 1));
        var book = UseBook.Begin(Noon).See(asked, Noon);
        var again = book.See(asked with { Client = asked.Client with { Pid = 2 } }, Noon.AddSeconds(30));
        Assert.Equal(book.Number, again.Number);   // each call of curl is another process
        Assert.True(Line(again.Look([], Noon.AddSeconds(149))).Open);
        var gone = Line(again.Look([], Noon.AddSeconds(150)));
        Assert.Equal((false, Noon.AddSeconds(30)), (gone.Open, gone.Last));
    }

    [Fact]
    public void A_connection_that_was_over_before_it_was_seen_counts_once()
    {
        var use = new SeenUse(Solver, UseEvidence.ConnectedFrom, new UseClient(null, Address: "10.0.0.9"));
        var book = UseBook.Begin(Noon).Pass(use, Noon);
        Assert.Equal((false, Noon), (Line(book).Open, Line(book).Last));
        Assert.Equal(book.Number, book.Pass(use, Noon.AddSeconds(60)).Number);
        Assert.Equal(Noon.AddDays(1), Line(book.Pass(use, Noon.AddDays(1))).Last);
        var open = book.Look([use], Noon.AddSeconds(10));
        Assert.Same(open, open.Pass(use, Noon.AddDays(1)));
    }

    [Fact]
    public void Beyond_the_limit_clients_are_a_number_that_goes_when_they_go()
    {
        var all = Enumerable.Range(0, UseBook.ClientsMax + 5).Select(i => Connected($"c{i:000}")).ToList();
        var book = UseBook.Begin(Noon).Look(all, Noon);
        Assert.Equal(UseBook.ClientsMax + 1, book.Lines.Count);
        var others = book.Lines[UseKey.OfOthers(Solver, UseEvidence.Connected)].Sighting;
        Assert.Equal((5, true), (others.Others, others.Open));
        Assert.Equal(book.Number, book.Look(all, Noon.AddSeconds(10)).Number);
        book = book.Look([], Noon.AddSeconds(20));
        Assert.DoesNotContain(book.Lines.Values, l => l.Sighting.Open);

        var asking = Enumerable.Range(0, UseBook.ClientsMax + 1).Aggregate(UseBook.Begin(Noon), (b, i) =>
            b.See(new SeenUse(Solver, UseEvidence.Asked, new UseClient(null, $"c{i}")), Noon));
        Assert.Equal(1, asking.Lines[UseKey.OfOthers(Solver, UseEvidence.Asked)].Sighting.Others);
    }

    [Fact]
    public void What_is_not_kept_is_told_in_pieces_oldest_first()
    {
        var services = Enumerable.Range(0, 200).Select(i => Connected("a") with { Service = new ServiceName($"s{i}") });
        var book = UseBook.Begin(Noon).Look(services, Noon);
        var first = book.After(0)!;
        Assert.Equal((HostUses.SightingsMax, 128L), (first.Sightings.Length, first.Number));
        var second = book.After(first.Number)!;
        Assert.Equal((72, 200L), (second.Sightings.Length, second.Number));
        Assert.Null(book.After(200));
        Assert.Equal(128, book.After(0)!.Sightings.Length);   // a master that has nothing is told all of it again
    }

    [Fact]
    public void A_successor_goes_on_and_a_gap_begins_the_watch_anew()
    {
        var before = UseBook.Begin(Noon).Look([Connected("a")], Noon.AddHours(1));
        var kept = before.Lines.Values.Select(l => l.Sighting).ToArray();
        var at = Noon.AddHours(2);
        var next = UseBook.GoOn(before.Since, at, [.. kept], at + UseBook.GapMax);
        Assert.Equal((Noon, at, true), (next.Since, Line(next).Last, Line(next).Open));
        Assert.NotNull(next.After(0));
        Assert.False(Line(next.Look([], at.AddSeconds(5))).Open);

        var late = at + UseBook.GapMax + TimeSpan.FromSeconds(1);
        Assert.Equal(late, UseBook.GoOn(before.Since, at, [.. kept], late).Since);
        Assert.Equal(Noon, UseBook.GoOn(Noon.AddDays(9), at, [.. kept], Noon).Since);   // a clock that was ahead
    }

    private static UseSighting Line(UseBook book) => Assert.Single(book.Lines.Values).Sighting;

    private static SeenUse Connected(string command, int pid = 1) =>
        new(Solver, UseEvidence.Connected, new UseClient(null, command, Pid: pid));
}
