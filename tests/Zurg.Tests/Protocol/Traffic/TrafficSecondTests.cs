using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Protocol;

namespace Zurg.Tests.Counts;

public sealed class TrafficSecondTests
{
    private static InstanceTraffic Of(int index, long requests, long incarnation = 1) => new()
    {
        Instance = InstanceId.Parse($"web.{index}"), Incarnation = new Incarnation(incarnation), Requests = requests,
    };

    private static TrafficSecond At(long second, string? caller, params InstanceTraffic[] counts) => new()
    {
        Second = second, Caller = caller is null ? null : new CellName(caller), Instances = [.. counts],
    };

    private static string Text(TrafficSecond second) => JsonSerializer.Serialize(second, WireJson.Default.TrafficSecond);

    private static string Text(IEnumerable<TrafficSecond> seconds) => string.Join('\n', seconds.Select(Text));

    [Fact]
    public void What_several_count_adds_up_by_second_and_caller_and_incarnation()
    {
        var merged = TrafficSecond.Merge([
            At(2, "az1", Of(1, 5), Of(0, 1)), At(1, "az2", Of(0, 2)), At(2, "az1", Of(0, 3) with { FirstFailures = 1 }),
            At(2, "az1", Of(0, 4, incarnation: 2)), At(2, null, Of(0, 9)),
        ]);

        Assert.Equal(
            "1 az2 web.0/1:2 | 2  web.0/1:9 | 2 az1 web.0/1:4 web.0/2:4 web.1/1:5",
            string.Join(" | ", merged.Select(m => $"{m.Second} {m.Caller} "
                + string.Join(' ', m.Instances.Select(i => $"{i.Instance}/{i.Incarnation}:{i.Requests}")))));
        Assert.Equal(1, merged[2].Instances[0].FirstFailures);
    }

    [Fact]
    public void Every_count_adds_up()
    {
        var one = Of(0, 10) with
        {
            Retries = 1, FirstFailures = 2, Failures = 3, Timeouts = 4, Release = ReleaseId.Parse("web@1.0.0"),
            Latency = LatencyHistogram.Of([TimeSpan.FromMilliseconds(5)]),
        };
        var both = Of(0, 5).Plus(one).Plus(one);

        Assert.Equal((25, 2, 4, 6, 8), (both.Requests, both.Retries, both.FirstFailures, both.Failures, both.Timeouts));
        Assert.Equal(2, both.Latency!.Total);
        Assert.Equal("web@1.0.0", both.Release.ToString());
        Assert.Null(Of(0, 5).Plus(Of(0, 5)).Timeouts);
    }

    [Fact]
    public void It_is_irrelevant_in_which_order_and_pieces_they_come() =>
        Check.QuickThrowOnFailure(Prop.ForAll<(byte, byte, byte)[], byte>((counts, cut) =>
        {
            var all = counts.Select(c => At(c.Item1 % 3, c.Item2 % 2 == 0 ? "az1" : null, Of(c.Item3 % 3, c.Item1))).ToArray();
            var at = all.Length == 0 ? 0 : cut % all.Length;
            var pieces = TrafficSecond.Merge([.. TrafficSecond.Merge(all[at..].Reverse()), .. TrafficSecond.Merge(all[..at])]);

            Assert.Equal(Text(TrafficSecond.Merge(all)), Text(pieces));
        }));

    [Fact]
    public void What_is_nothing_is_not_written_and_what_is_not_written_is_nothing()
    {
        var text = Text(At(7, "az1", Of(0, 10)));

        Assert.Equal("""{"second":7,"caller":"az1","instances":[{"instance":"web.0","incarnation":1,"requests":10}]}""", text);
        Assert.Equal(text, Text(JsonSerializer.Deserialize(text, WireJson.Default.TrafficSecond)!));
        Assert.Empty(JsonSerializer.Deserialize("""{"second":7,"new_field":1}""", WireJson.Default.TrafficSecond)!.Instances);
    }

    [Fact]
    public void Lives_are_as_short()
    {
        const string text = """{"instance":"web.0","incarnation":3,"second":9,"lived":10}""";
        var life = JsonSerializer.Deserialize(text, WireJson.Default.LifeCount)!;

        Assert.Null(life.Crashes);
        Assert.Equal(text, JsonSerializer.Serialize(life, WireJson.Default.LifeCount));
    }
}
