using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Naming;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Naming;

public sealed class EndpointStreamTests : IDisposable
{
    private static readonly ServiceName Web = new("web");
    private readonly CancellationTokenSource _stop = new();
    private readonly NamingFanOut _naming = new(new NoView());
    private readonly WriteLanes _lanes = new();

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task A_slow_reader_gets_only_the_newest()
    {
        // A pipe that is full after one byte: the first write waits until the reader has taken all of it.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var run = Start(pipe.Writer);
        Show(1);
        await WrittenAsync(pipe);
        for (var revision = 2; revision <= 50; revision++)
        {
            Show(revision);
        }

        Assert.Equal(1, await ReadAsync(pipe));
        Assert.Equal(50, await ReadAsync(pipe));
        Show(51);
        Assert.Equal(51, await ReadAsync(pipe));
        Assert.False(run.IsCompleted);
        await EndAsync(run);
    }

    [Fact]
    public async Task Each_of_many_gets_the_newest_whatever_the_order_of_their_turns()
    {
        var pipes = Enumerable.Range(0, 500).Select(_ => new Pipe()).ToArray();
        var runs = pipes.Select(p => Start(p.Writer)).ToArray();
        for (var revision = 1; revision <= 100; revision++)
        {
            Show(revision);
        }

        foreach (var pipe in pipes)
        {
            var last = 0L;
            while (last < 100)
            {
                var next = await ReadAsync(pipe);
                Assert.True(next > last, $"{next} after {last}");
                last = next;
            }
        }

        await EndAsync(runs);
    }

    [Fact]
    public async Task Nothing_is_written_after_its_end()
    {
        var pipe = new Pipe();
        var run = Start(pipe.Writer);
        Show(1);
        Assert.Equal(1, await ReadAsync(pipe));
        await EndAsync(run);
        Show(2);

        // Every lane has had its turn after the offer would have been made.
        var others = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Turn()).ToArray();
        Array.ForEach(others, o => _lanes.Next().Add(o));
        await Task.WhenAll(others.Select(o => o.Done)).WaitAsync(TestMaster.Deadline);

        Assert.False(pipe.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_write_that_waits_ends_with_the_stream()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var run = Start(pipe.Writer);
        Show(1);
        await WrittenAsync(pipe);
        Show(2);

        await EndAsync(run);

        Assert.Equal(1, await ReadAsync(pipe));
        Assert.False(pipe.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_connection_that_breaks_ends_the_stream_with_its_reason_and_no_other_one()
    {
        var (broken, whole) = (new Pipe(), new Pipe());
        await broken.Writer.CompleteAsync();
        var (run, other) = (Start(broken.Writer), Start(whole.Writer));
        Show(1);

        await Assert.ThrowsAsync<InvalidOperationException>(() => run.WaitAsync(TestMaster.Deadline));
        Assert.Equal(1, await ReadAsync(whole));
        await EndAsync(other);
    }

    private Task Start(PipeWriter writer) => new EndpointStream(writer, _lanes.Next()).RunAsync(_naming, Web, _stop.Token);

    private async Task EndAsync(params Task[] runs)
    {
        await _stop.CancelAsync();
        await Task.WhenAll(runs).WaitAsync(TestMaster.Deadline);
    }

    private void Show(long revision)
    {
        var set = new EndpointSet { Service = Web, Revision = new Revision(revision) };
        var naming = NamingState.Empty with { Sets = NamingState.Empty.Sets.Add(Web, set) };
        _naming.Publish(new ClusterSnapshot(ClusterState.Empty with { Revision = new Revision(revision) }, naming));
    }

    /// <summary>Until there is something to read; nothing is taken.</summary>
    private static async Task WrittenAsync(Pipe pipe)
    {
        var read = await pipe.Reader.ReadAsync().AsTask().WaitAsync(TestMaster.Deadline);
        pipe.Reader.AdvanceTo(read.Buffer.Start);
    }

    /// <summary>The revision of the next line.</summary>
    private static async Task<long> ReadAsync(Pipe pipe)
    {
        while (true)
        {
            var read = await pipe.Reader.ReadAsync().AsTask().WaitAsync(TestMaster.Deadline);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.UTF8.GetString(read.Buffer.Slice(0, end));
                pipe.Reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return JsonSerializer.Deserialize(line, WireJson.Default.EndpointSet)!.Revision.Value;
            }

            pipe.Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private sealed class NoView : IClusterView
    {
        public ClusterSnapshot Current => throw new NotSupportedException();

        public IAsyncEnumerable<ClusterSnapshot> WatchAsync(CancellationToken stop) => throw new NotSupportedException();
    }

    private sealed class Turn : ILaneWork
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public void Write() => _done.SetResult();
    }
}
