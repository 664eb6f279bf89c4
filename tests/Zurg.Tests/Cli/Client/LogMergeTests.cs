using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Tests.Cli.Client;

public sealed class LogMergeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Lines_come_in_the_order_of_their_times_and_those_of_one_log_in_its_own()
    {
        var merged = LogMerge.MergeAsync(
            [Log("web.0", ("a", 1), ("d", 4), ("d2", 4)), Log("web.1"), Log("web.2", ("b", 2), ("c", 3), ("d3", 4), ("e", 5))],
            CancellationToken.None);
        var texts = new List<string>();
        await foreach (var line in merged)
        {
            texts.Add(line.Text);
        }

        Assert.Equal(["a", "b", "c", "d", "d2", "d3", "e"], texts);
    }

    [Fact]
    public async Task A_reader_that_has_seen_enough_ends_all_of_them()
    {
        var ended = 0;
        await foreach (var line in LogMerge.MergeAsync([EndlessAsync(), EndlessAsync()], CancellationToken.None))
        {
            if (line.At > Noon.AddSeconds(3))
            {
                break;
            }
        }

        Assert.Equal(2, ended);

        async IAsyncEnumerable<LogLine> EndlessAsync()
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    await Task.Yield();
                    yield return new LogLine(InstanceId.Parse("web.0"), "again", Noon.AddSeconds(i));
                }
            }
            finally
            {
                ended++;
            }
        }
    }

    private static async IAsyncEnumerable<LogLine> Log(string instance, params (string Text, int Second)[] lines)
    {
        foreach (var (text, second) in lines)
        {
            await Task.Yield();
            yield return new LogLine(InstanceId.Parse(instance), text, Noon.AddSeconds(second));
        }
    }
}
