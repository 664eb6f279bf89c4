using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;

namespace Zurg.Tests.Core.Verdicts;

public sealed class DispersionTests
{
    private static readonly ImmutableArray<ulong> Names = [.. Enumerable.Range(1, 20).Select(i => (ulong)i * 0x9E3779B97F4A7C15)];

    private static IEnumerable<Sample> Old(int seconds, int instances, Func<int, int, long> bad) =>
        from second in Enumerable.Range(0, seconds)
        from instance in Enumerable.Range(0, instances)
        select new Sample(second, 0, instance, false, bad(second, instance), 100);

    /// <summary>Each second one event, of an instance by chance, as many times over as they come at once.</summary>
    private static IEnumerable<Sample> Bunches(int seconds, int size)
    {
        var prng = new Prng(3);
        var hit = Enumerable.Range(0, seconds).Select(_ => prng.Next(8)).ToArray();
        return Old(seconds, 8, (s, i) => hit[s] == i ? size : 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(20)]
    public void It_is_the_size_of_the_bunches(int size) =>
        Assert.InRange(Dispersion.Of(Bunches(1000, size), Names)!.Value, size, size * 1.35);

    [Fact]
    public void It_is_seen_although_most_seconds_have_one_event_or_none()
    {
        var prng = new Prng(5);
        var hits = Enumerable.Range(0, 1000).Select(s => (At: prng.Next(8), Size: s % 50 == 0 ? 40 : 1)).ToArray();

        // The bunches' own: the mean of the squares over the mean, (40^2 + 49) / (40 + 49).
        Assert.InRange(Dispersion.Of(Old(1000, 8, (s, i) => hits[s].At == i ? hits[s].Size : 0), Names)!.Value, 14, 26);
    }

    [Fact]
    public void Storms_that_last_longer_than_a_second_are_seen()
    {
        var prng = new Prng(7);
        var stormy = Enumerable.Range(0, 60).Select(_ => prng.Next(8)).ToArray();

        Assert.True(Dispersion.Of(Old(600, 8, (s, i) => stormy[s / 10] == i ? 1 : 0), Names) > 5);
    }

    [Fact]
    public void Less_than_chance_would_do_is_one()
    {
        Assert.Equal(1, Dispersion.Of(Old(600, 8, (_, _) => 1), Names));
        Assert.Equal(1, Dispersion.Of(Old(600, 1, (_, _) => 1), Names));
    }

    [Theory]
    [InlineData(59, false)]
    [InlineData(60, true)]
    public void It_is_known_from_sixty_seconds_with_anything_bad_on(int bad, bool known) =>
        Assert.Equal(known, Dispersion.Of(Old(500, 4, (s, i) => s < bad && i == s % 4 ? 1 : 0), Names) is not null);

    [Fact]
    public void A_lone_instance_is_halved_in_time()
    {
        var prng = new Prng(9);
        var bad = Enumerable.Range(0, 600).Select(_ => prng.Next(2) * 10L).ToArray();

        Assert.InRange(Dispersion.Of(Old(600, 1, (s, _) => bad[s]), Names)!.Value, 4, 9);
        Assert.Null(Dispersion.Of(Old(119, 1, (_, _) => 1), Names));
    }

    [Fact]
    public void The_new_release_and_what_was_not_asked_have_no_part_in_it()
    {
        var old = Bunches(200, 3).ToArray();
        var others = Old(200, 2, (_, _) => 90).Select(s => s with { IsNew = true })
            .Concat(Old(200, 8, (_, _) => 0).Select(s => s with { Asked = 0 }));

        Assert.Equal(Dispersion.Of(old, Names), Dispersion.Of(old.Concat(others), Names));
        Assert.Null(Dispersion.Of([], Names));
    }

    [Fact]
    public void Cells_that_differ_are_no_bunching()
    {
        var prng = new Prng(11);
        var samples = Old(900, 8, (_, i) => i < 4 ? prng.Next(100) < 50 ? 1 : 0 : prng.Next(100) < 2 ? 1 : 0)
            .Select(s => s with { Stratum = s.Instance < 4 ? 0 : 1 }).ToArray();

        Assert.InRange(Dispersion.Of(samples, Names)!.Value, 1, 1.3);
        Assert.True(Dispersion.Of(samples.Select(s => s with { Stratum = 0 }), Names) > 2);
    }

    [Fact]
    public void The_order_of_samples_is_irrelevant() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(20), Prop.ForAll<byte>(seed =>
        {
            var samples = Bunches(120, 2).ToArray();
            var prng = new Prng(seed);
            var mixed = samples.OrderBy(_ => prng.NextUInt64()).ToArray();

            Assert.Equal(Dispersion.Of(samples, Names), Dispersion.Of(mixed, Names));
        }));
}
