using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Cluster;

public sealed class ClusterFoldTests
{
    private static readonly HostId Host1 = new("host1");

    private static World Running => World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();

    [Fact]
    public void Every_kind_of_key_finds_its_place_and_its_revision()
    {
        var state = Running.Intend(ServiceIntent.Of(new ServiceName("web")) with { Restarts = 3 }).State;

        Assert.Equal(new SpecNumber(1), state.Applied!.Number);
        Assert.Equal(["web@1.0"], state.Releases.Keys.Select(r => r.Value));
        Assert.Equal(["host1", "host2"], state.Facts.Keys.Select(h => h.Value));
        Assert.Equal(["host1", "host2"], state.Placements.Keys.Select(h => h.Value));
        Assert.Equal(SpecDigest.Of(state.Applied.Spec.Services[0].Instance), Assert.Single(state.InstanceSpecs).Key);
        Assert.Equal(3, state.IntentOf(new ServiceName("web")).Restarts);
        Assert.Equal(state.Revision, state.ModifiedOf(StoreKeys.Intent(new ServiceName("web"))));
        Assert.Equal(new Revision(0), state.ModifiedOf("no/such/key"));
    }

    [Fact]
    public void A_removed_key_leaves_nothing_behind()
    {
        var state = ClusterFold.Apply(Running.State, StoreKeys.Placements(Host1), value: null, new Revision(1000));

        Assert.False(state.Placements.ContainsKey(Host1));
        Assert.Equal(new Revision(0), state.ModifiedOf(StoreKeys.Placements(Host1)));
        Assert.Equal(new Revision(1000), state.Revision);
    }

    [Theory]
    [InlineData("facts/host1", "no json")]
    [InlineData("facts/host1", "{}")]
    [InlineData("facts/host1", "null")]
    [InlineData("facts/No Host", "{}")]
    [InlineData("releases/only-a-name", "{}")]
    [InlineData("spec/current", "[]")]
    public void What_cannot_be_read_is_named_and_the_last_understood_value_stays(string key, string value)
    {
        var before = Running.State;
        var state = ClusterFold.Apply(before, key, System.Text.Encoding.UTF8.GetBytes(value), before.Revision.Next);

        Assert.Equal([key], state.Unreadable.Keys);
        Assert.Same(before.Facts, state.Facts);
        Assert.Same(before.Applied, state.Applied);
    }

    [Fact]
    public void A_key_that_can_be_read_again_is_held_against_nobody()
    {
        var broken = Running.PutBytes(StoreKeys.Facts(Host1), "?"u8.ToArray());
        Assert.Contains(
            broken.Plan().Holds,
            h => h.Reason == HoldReason.Unreadable && h.Text.Contains("facts/host1", StringComparison.Ordinal));

        Assert.Empty(broken.Join("host1@az1").State.Unreadable);
    }

    [Fact]
    public void Keys_of_others_change_nothing_but_the_revision()
    {
        var before = Running.State;
        var state = ClusterFold.Apply(before, "specs/0000000001", "anything"u8.ToArray(), before.Revision.Next);

        Assert.Empty(state.Unreadable);
        Assert.Equal(before.Revision.Next, state.Revision);
    }
}
