using Zurg.Core;

namespace Zurg.Tests.Core.Releases;

public sealed class DeltaScriptTests
{
    [Fact]
    public void A_script_reads_back_as_it_was_written() => BlockDeltaTests.Check(BlockDeltaTests.Edits, pair =>
    {
        var steps = BlockDelta.Find(pair.Old, pair.Fresh);
        var delta = new ReleaseDelta(steps, [new FileDelta(0, -1, []), new FileDelta(7, 3, steps)]);
        var read = DeltaScript.Read(DeltaScript.Write(delta));
        return read is { Files: [{ File: 0, Base: -1 }, { File: 7, Base: 3 } second] }
            && read.Manifest.SequenceEqual(steps) && second.Steps.SequenceEqual(steps);
    });

    [Fact]
    public void Bytes_that_are_no_script_are_refused_not_believed() => BlockDeltaTests.Check(BlockDeltaTests.Bytes, bytes =>
    {
        // Whatever is read can be written: nothing negative, nothing beyond the limits.
        var read = DeltaScript.Read(bytes);
        return read is null || read.Files.All(f => f.Base >= -1 && f.File >= 0 && f.Steps.All(s => s.Length > 0));
    });

    [Fact]
    public void A_cut_script_is_refused()
    {
        var delta = new ReleaseDelta([new DeltaStep(5, 10)], [new FileDelta(2, 1, [new DeltaStep(-1, 3000)])]);
        var script = DeltaScript.Write(delta);
        for (var length = 0; length < script.Length; length++)
        {
            Assert.Null(DeltaScript.Read(script.AsSpan(0, length)));
        }

        Assert.NotNull(DeltaScript.Read(script));
        Assert.Null(DeltaScript.Read([.. script, 0]));
    }
}
