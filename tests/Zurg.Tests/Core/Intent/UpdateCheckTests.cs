using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

public sealed class UpdateCheckTests
{
    public static TheoryData<string, UpdateDraft> Wrong() => new()
    {
        { "batch | '0%' is no size of a batch", new UpdateDraft { Batch = "0%" } },
        { "batch | '101%' is no size of a batch", new UpdateDraft { Batch = "101%" } },
        { "batch | 'half' is no size of a batch", new UpdateDraft { Batch = "half" } },
        { "batches | 0 is out of range | it must be 1 to 10000", new UpdateDraft { Batches = 0 } },
        { "batches | batch and batches are written together | keep one", new UpdateDraft { Batch = "25%", Batches = 4 } },
        { "surge | surge and max_unavailable are both 0", new UpdateDraft { Surge = 0, MaxUnavailable = 0 } },
        { "canary | -1 is out of range", new UpdateDraft { Canary = -1 } },
        { "rollback | 'atuo' is no way to roll back | did you mean 'auto'?", new UpdateDraft { Rollback = "atuo" } },
        { "promote | 'manuel' is no way to promote | did you mean 'manual'?", new UpdateDraft { Promote = "manuel" } },
        { "bake | '8d' is out of range", new UpdateDraft { Bake = "8d" } },
        { "ready_within | '0s' is out of range | it must be 1s to 7d", new UpdateDraft { ReadyWithin = "0s" } },
        { "blue_green.keep | '5' is no duration | it lacks a unit", BlueGreen with { BlueGreen = new() { Keep = "5" } } },
        { "canary | canary says nothing with blue_green: the whole new side takes over in one step | remove canary, or remove",
            BlueGreen with { Canary = 1 } },
        { "batch | batch says nothing with blue_green", BlueGreen with { Batch = "1" } },
        { "batches | batches says nothing with blue_green", BlueGreen with { Batches = 2 } },
        { "by_cell | by_cell says nothing with blue_green", BlueGreen with { ByCell = true } },
        { "surge | surge says nothing with blue_green", BlueGreen with { Surge = 1 } },
    };

    private static UpdateDraft BlueGreen => new() { BlueGreen = new BlueGreenDraft() };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_told_at_its_place_and_nothing_else(string expected, UpdateDraft update) => Assert.StartsWith(
        $"services.web.update.{expected}", Assert.Single(Drafts.ProblemsOf(Dynamic with { Update = update })),
        StringComparison.Ordinal);

    [Fact]
    public void Two_sides_cannot_share_a_host_and_a_port()
    {
        var web = Drafts.Service with { PerHost = 1, Update = BlueGreen };
        Assert.StartsWith(
            "services.web.update.blue_green | the two sides would share their hosts, and only one can have port 9000",
            Assert.Single(Drafts.ProblemsOf(web)), StringComparison.Ordinal);
        Assert.Empty(Drafts.ProblemsOf(web with { PerHost = null, Instances = 2 }));
        Assert.Empty(Drafts.ProblemsOf(Dynamic with { PerHost = 1, Update = BlueGreen }));
    }

    [Theory]
    [InlineData(false, null, null, 0, 1)]
    [InlineData(true, null, null, 1, 0)]
    [InlineData(false, 0, null, 0, 1)]
    [InlineData(true, 0, null, 0, 1)]
    [InlineData(false, 2, null, 2, 1)]
    [InlineData(true, 2, null, 2, 0)]
    [InlineData(false, null, 0, 1, 0)]
    [InlineData(true, null, 0, 1, 0)]
    [InlineData(true, null, 2, 0, 2)]
    [InlineData(false, null, 2, 0, 2)]
    [InlineData(true, 3, 4, 3, 4)]
    public void A_spare_comes_first_unless_it_could_not_have_the_port_and_never_are_both_0(
        bool fixedPort, int? writtenAway, int? writtenSpares, int away, int spares)
    {
        var draft = fixedPort ? Drafts.Service : Dynamic;
        var web = draft with { Update = new UpdateDraft { MaxUnavailable = writtenAway, Surge = writtenSpares } };
        Assert.Empty(Drafts.ProblemsOf(web));
        var update = Drafts.Filled(web).Update;
        Assert.Equal((away, spares), (update.MaxUnavailable, update.Surge));
    }

    [Fact]
    public void Everything_written_arrives()
    {
        var update = Drafts.Filled(Dynamic with
        {
            Update = new UpdateDraft
            {
                Canary = 2,
                Batches = 4,
                Bake = "1m",
                Promote = "manual",
                ByCell = true,
                ReadyWithin = "30s",
                Rollback = "manual",
            },
        }).Update;
        Assert.Equal(
            new UpdatePolicy(2, "25%", TimeSpan.FromMinutes(1), 0, 1, RollbackMode.Manual)
            {
                Batches = 4,
                ManualPromotion = true,
                ByCell = true,
                ReadyWithin = TimeSpan.FromSeconds(30),
            },
            update);
        var sides = new BlueGreenDraft { Keep = "1h", Strict = true };
        Assert.Equal(
            new BlueGreenPolicy(TimeSpan.FromHours(1), Strict: true),
            Drafts.Filled(Dynamic with { Update = new UpdateDraft { BlueGreen = sides } }).Update.BlueGreen);
        Assert.Equal(
            new BlueGreenPolicy(TimeSpan.FromMinutes(10), Strict: false),
            Drafts.Filled(Dynamic with { Update = BlueGreen }).Update.BlueGreen);
    }

    private static ServiceDraft Dynamic => Drafts.Service with { Ports = Drafts.Map(("http", "dynamic")) };
}
