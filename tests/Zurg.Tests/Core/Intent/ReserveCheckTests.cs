using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class ReserveCheckTests
{
    [Theory]
    [InlineData("5%", 5.0, null)]
    [InlineData("2.5%", 2.5, null)]
    [InlineData("10GiB", null, 10L << 30)]
    public void A_share_or_a_size_is_kept_as_it_was_written(string text, double? percent, long? bytes) =>
        Assert.Equal(
            new FreeLimit(percent, bytes),
            Defaults.Fill(new ClusterDraft { Reserve = new ReserveDraft { Disk = text } }).Reserve!.Disk);

    [Fact]
    public void What_is_not_written_is_the_usual()
    {
        var reserve = Defaults.Fill(new ClusterDraft { Reserve = new ReserveDraft { Disk = "1GiB" } }).Reserve!;
        Assert.Equal(Defaults.Reserve.Memory, reserve.Memory);
        Assert.Equal(Defaults.Reserve, Defaults.Fill(new ClusterDraft()).Reserve);
    }

    [Theory]
    [InlineData("5", "reserve.memory | '5' is neither a share nor a size")]
    [InlineData("-5%", "reserve.memory | '-5%' is neither a share nor a size")]
    [InlineData("95%", "reserve.memory | '95%' is out of range")]
    public void What_cannot_be_meant_is_refused(string text, string problem)
    {
        var draft = new ClusterDraft { Reserve = new ReserveDraft { Memory = text } };
        Assert.StartsWith(problem, Assert.Single(Drafts.ProblemsOf(draft)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_of_the_reserve_is_a_change_of_the_spec_that_touches_nothing()
    {
        var before = Defaults.Fill(new ClusterDraft()) with { Reserve = null };
        var after = Defaults.Fill(new ClusterDraft { Reserve = new ReserveDraft { Disk = "10%" } });

        var change = Assert.Single(SpecDiff.Between(before, after, []));
        Assert.Equal(("reserve.disk", null, "10%"), (change.Path, change.Before, change.After));
        Assert.Empty(change.Touches);
        Assert.Empty(SpecDiff.Between(before, Defaults.Fill(new ClusterDraft()), []));
    }
}
