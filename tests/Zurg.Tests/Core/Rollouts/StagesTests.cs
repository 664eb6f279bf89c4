using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

public sealed class StagesTests
{
    private static readonly UpdatePolicy Policy = Specs.NoneAway;

    [Theory]
    [InlineData(1, "25%", 8, "1 3 5 7 8")]
    [InlineData(1, "25%", 4, "1 2 3 4")]
    [InlineData(0, "25%", 10, "3 6 9 10")]
    [InlineData(2, "3", 8, "2 5 8")]
    [InlineData(1, "100%", 5, "1 5")]
    [InlineData(5, "1", 3, "1 2 3")]
    [InlineData(5, "100%", 3, "1 4")]
    [InlineData(1, "10000", 1, "1 2")]
    [InlineData(0, "10000", 1, "1")]
    [InlineData(1, "25%", 0, "")]
    [InlineData(0, "50%", 101, "51 101")]
    public void A_canary_then_batches_then_all(int canary, string batch, int instances, string stages) =>
        Assert.Equal(stages, string.Join(' ', Stages.Of(Policy with { Canary = canary, Batch = batch }, [instances])));

    [Theory]
    [InlineData(1, 3, 10, "1 4 7 10")]
    [InlineData(0, 4, 10, "3 6 9 10")]
    [InlineData(1, 20, 4, "1 2 3 4")]
    [InlineData(0, 2, 5, "3 5")]
    public void Batches_by_their_number_are_of_one_size(int canary, int batches, int instances, string stages) =>
        Assert.Equal(stages, string.Join(' ', Stages.Of(Policy with { Canary = canary, Batches = batches }, [instances])));

    [Fact]
    public void Without_spare_ones_there_is_no_canary_beside_an_only_instance() =>
        Assert.Equal(1, Assert.Single(Stages.Of(Specs.OneAway with { Canary = 1 }, [1])));

    [Fact]
    public void No_batch_reaches_from_one_cell_into_the_next()
    {
        var policy = Policy with { Canary = 1, Batch = "2", ByCell = true };

        Assert.Equal("1 3 4 6 7", string.Join(' ', Stages.Of(policy, [4, 0, 3])));
        Assert.Equal("1 3 5 7", string.Join(' ', Stages.Of(policy with { ByCell = null }, [4, 0, 3])));
    }

    [Fact]
    public void What_was_proven_goes_to_all_in_one_step()
    {
        Assert.Equal(4, Assert.Single(Stages.AtOnce(4)));
        Assert.Empty(Stages.AtOnce(0));
    }
}
