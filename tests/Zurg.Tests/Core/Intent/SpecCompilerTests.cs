using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class SpecCompilerTests
{
    [Fact]
    public void A_revision_says_who_when_what_and_takes_the_digests_once()
    {
        var spec = Defaults.Fill(Drafts.Cluster(Drafts.Service));
        var at = DateTimeOffset.UnixEpoch.AddDays(1);
        var applied = SpecCompiler.Compile(spec, "text", "me", at, new SpecNumber(3), new SpecNumber(4), new SpecNumber(2));
        Assert.Equal(("text", "me", at, 3L, 4L, 2L),
            (applied.Text, applied.Author, applied.At, applied.BasedOn.Value, applied.Number.Value,
                applied.RevertOf!.Value.Value));
        Assert.Equal(SpecDigest.Of(spec.Services[1].Instance), applied.InstanceDigests[new ServiceName("web")]);
    }
}
