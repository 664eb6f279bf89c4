using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Releases;

public sealed class ReleaseDeltaTests
{
    [Fact]
    public void Files_are_compared_with_those_of_their_path_or_else_their_name_and_each_content_once()
    {
        var old = Manifest("app@1", ("bin/app", "a"), ("lib1/x.so", "x"), ("same", "s"));
        var fresh = Manifest("app@2", ("bin/app", "A"), ("lib2/x.so", "X"), ("moved", "s"), ("new", "n"), ("new2", "n"));

        (int, int)[] expected = [(0, 0), (1, 1), (3, -1)];
        Assert.True(ReleaseDelta.Candidates(old, fresh).SequenceEqual(expected));
    }

    private static ReleaseManifest Manifest(string release, params (string Path, string Text)[] files) => new()
    {
        Release = ReleaseId.Parse(release),
        Files = [.. files.Select(f => new ReleaseFile(f.Path, 0, 1, Digest.Of(System.Text.Encoding.UTF8.GetBytes(f.Text))))],
    };
}
