using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Cluster;

public sealed class StoreKeysTests
{
    /// <summary>What is stored today must be found by every later build.</summary>
    [Fact]
    public void Keys_never_change()
    {
        var digest = Digest.Of("spec"u8);
        Assert.Equal("specs/0000000012", StoreKeys.Spec(new SpecNumber(12)));
        Assert.Equal($"instance_specs/{digest}", StoreKeys.InstanceSpec(digest));
        Assert.Equal("intents/web", StoreKeys.Intent(new ServiceName("web")));
        Assert.Equal("releases/web/1.2.0", StoreKeys.Release(ReleaseId.Parse("web@1.2.0")));
        Assert.Equal("placements/host1", StoreKeys.Placements(new HostId("host1")));
        Assert.Equal("facts/host1", StoreKeys.Facts(new HostId("host1")));
        Assert.Equal("confirmed/web", StoreKeys.Confirmed(new ServiceName("web")));
        Assert.Equal("roles/decider", StoreKeys.Role("decider"));
        Assert.Equal(("spec/current", "alerts/book"), (StoreKeys.CurrentSpec, StoreKeys.Alerts));
    }

    [Fact]
    public void No_prefix_begins_another()
    {
        string[] prefixes =
        [
            StoreKeys.SpecPrefix, StoreKeys.InstanceSpecPrefix, StoreKeys.IntentPrefix, StoreKeys.ReleasePrefix,
            StoreKeys.PlacementPrefix, StoreKeys.FactsPrefix, StoreKeys.ConfirmedPrefix,
        ];
        Assert.All(prefixes, p => Assert.Single(prefixes, other => other.StartsWith(p, StringComparison.Ordinal)));
    }
}
