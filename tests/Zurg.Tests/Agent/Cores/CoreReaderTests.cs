using Zurg.Agent.Cores;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Cores;

public sealed class CoreReaderTests : IDisposable
{
    private readonly CoreBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void All_pieces_together_are_the_dump_and_holes_are_told_as_zeros()
    {
        var path = _bench.Core(41, size: 300_000);
        using (var file = new FileStream(path, FileMode.Append))
        {
            file.SetLength(5_000_000);
            file.Position = 5_000_000;
            file.Write("tail"u8);
        }

        var whole = File.ReadAllBytes(path);
        var shelf = _bench.Shelf();
        var (kept, _) = shelf.Take(new CoreSearch.Found(path, IsOurs: true), _bench.Dumped());
        var got = new MemoryStream();
        var zeros = 0L;
        while (CoreReader.Answer(shelf, new CoreRequest(1, kept!.Id, got.Length)) is { } piece
            && piece.Bytes.Length + piece.Zeros > 0)
        {
            Assert.Equal((1, null), (piece.Nonce, piece.Problem));
            got.Write(piece.Bytes.Span);
            got.Write(new byte[piece.Zeros]);
            zeros += piece.Zeros;
        }

        Assert.Equal(whole, got.ToArray());
        Assert.True(zeros > 4_000_000);
    }

    [Fact]
    public void What_is_asked_for_by_another_name_is_not_there()
    {
        var answer = CoreReader.Answer(_bench.Shelf(), new CoreRequest(7, "../../etc/passwd"));
        Assert.Equal((7, "there is no core dump ../../etc/passwd here any more"), (answer.Nonce, answer.Problem));
        Assert.Empty(CoreReader.Answer(_bench.Shelf(), new CoreRequest(8)).Cores);
    }
}
