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
        Assert.Null(applied.OwnDigests);
    }

    [Fact]
    public void An_instance_with_values_of_its_own_has_a_digest_of_its_own()
    {
        var spec = Defaults.Fill(Drafts.Cluster(Drafts.Service with
        {
            Instances = 2,
            Vars = Drafts.Map(("role", "replica"), ("zone", "a")),
            PerInstance = VarsCheckTests.Own(("1", "role", "primary")),
        }));
        var applied = SpecCompiler.Compile(
            spec, "", "me", DateTimeOffset.UnixEpoch, new SpecNumber(1), new SpecNumber(2), revertOf: null);
        var web = spec.Services[1];
        Assert.Equal(applied.InstanceDigests[web.Name], applied.DigestOf(new InstanceId(web.Name, 0)));
        Assert.Equal(SpecDigest.Of(web.InstanceOf(1)), applied.DigestOf(new InstanceId(web.Name, 1)));
        Assert.Equal(Drafts.Map(("role", "primary"), ("zone", "a")), web.InstanceOf(1).Vars);
    }
}
