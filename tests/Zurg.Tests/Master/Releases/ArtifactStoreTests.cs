using System.Text;
using Zurg.Master.Releases;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Releases;

public sealed class ArtifactStoreTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Bytes_come_back_and_nobody_may_write_them()
    {
        var store = new ArtifactStore(_directory.Path);
        var digest = Digest.Of("hello"u8);

        Assert.IsType<ArtifactOutcome.Stored>(await store.PutAsync(digest, Text("hello"), None));
        Assert.IsType<ArtifactOutcome.Stored>(await store.PutAsync(digest, Text("hello"), None));

        await using var bytes = store.Open(digest)!;
        Assert.Equal("hello", await new StreamReader(bytes).ReadToEndAsync());
        Assert.Equal(5, store.SizeOf(digest));
        var path = _directory.In($"{digest.Value[..2]}/{digest.Value[2..]}");
        Assert.Equal("r--r--r--", Shown(File.GetUnixFileMode(path)));
    }

    [Fact]
    public async Task Other_bytes_are_refused_and_not_kept()
    {
        var store = new ArtifactStore(_directory.Path);
        var digest = Digest.Of("hello"u8);

        var outcome = Assert.IsType<ArtifactOutcome.OtherBytes>(await store.PutAsync(digest, Text("HELLO"), None));

        Assert.Equal(Digest.Of("HELLO"u8), outcome.Actual);
        Assert.False(store.Has(digest));
        Assert.Empty(Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task What_is_too_large_is_not_read_to_its_end()
    {
        var store = new ArtifactStore(_directory.Path, fileBytesMax: 1000);
        var endless = new EndlessStream();

        Assert.IsType<ArtifactOutcome.TooLarge>(await store.PutAsync(Digest.Of([]), endless, None));

        Assert.True(endless.Position < 1_000_000);
        Assert.Empty(Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_nothing()
    {
        var store = new ArtifactStore(_directory.Path);

        await Assert.ThrowsAsync<IOException>(() => store.PutAsync(Digest.Of("x"u8), new BrokenStream(), None));

        Assert.Empty(Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_full_disk_is_said_to_be_full()
    {
        var store = new ArtifactStore(_directory.Path);
        Assert.IsType<ArtifactOutcome.DiskFull>(await store.PutAsync(Digest.Of("x"u8), new BrokenStream(hresult: 28), None));
    }

    [Fact]
    public void Parts_of_an_earlier_run_are_removed()
    {
        Directory.CreateDirectory(_directory.In("unfinished"));
        File.WriteAllText(_directory.In("unfinished/7"), "half");

        _ = new ArtifactStore(_directory.Path);

        Assert.False(File.Exists(_directory.In("unfinished/7")));
    }

    private static MemoryStream Text(string text) => new(Encoding.UTF8.GetBytes(text));

    private static string Shown(UnixFileMode mode) =>
        string.Concat("rwxrwxrwx".Select((c, i) => ((int)mode >> (8 - i) & 1) == 1 ? c : '-'));

    private sealed class EndlessStream : MemoryStream
    {
        private long _read;

        public override long Position { get => _read; set => _read = value; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _read += buffer.Length;
            return ValueTask.FromResult(buffer.Length);
        }
    }

    private sealed class BrokenStream(int hresult = 1) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("broken", hresult);
    }
}
