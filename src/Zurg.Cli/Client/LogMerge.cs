using System.Runtime.CompilerServices;

namespace Zurg.Cli.Client;

/// <summary>Makes one stream of lines of several.</summary>
internal static class LogMerge
{
    /// <summary>So many are begun at once: a host answers a bounded number of readers.</summary>
    private const int BegunAtOnceMax = 8;

    /// <summary>
    /// In the order of their times; those of one log stay in its own order. Of each log no more than a piece is held.
    /// </summary>
    public static async IAsyncEnumerable<LogLine> MergeAsync(
        IEnumerable<IAsyncEnumerable<LogLine>> logs, [EnumeratorCancellation] CancellationToken stop)
    {
        var heads = logs.Select(l => l.GetAsyncEnumerator(stop)).ToArray();
        try
        {
            var has = new bool[heads.Length];
            await Parallel.ForAsync(
                0, heads.Length, new ParallelOptions { MaxDegreeOfParallelism = BegunAtOnceMax, CancellationToken = stop },
                async (i, _) => has[i] = await heads[i].MoveNextAsync());

            var order = new PriorityQueue<int, (DateTimeOffset At, int Log)>();
            for (var i = 0; i < heads.Length; i++)
            {
                if (has[i])
                {
                    order.Enqueue(i, (TimeOf(heads[i].Current), i));
                }
            }

            while (order.TryDequeue(out var i, out _))
            {
                yield return heads[i].Current;
                if (await heads[i].MoveNextAsync())
                {
                    order.Enqueue(i, (TimeOf(heads[i].Current), i));
                }
            }
        }
        finally
        {
            foreach (var head in heads)
            {
                await head.DisposeAsync();
            }
        }
    }

    /// <summary>Lines without a time come first: their agent is of an older build.</summary>
    private static DateTimeOffset TimeOf(LogLine line) => line.At ?? DateTimeOffset.MinValue;
}
