using System.Collections.Immutable;
using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class VarsCheckTests
{
    private static readonly ServiceDraft Three = Drafts.Service with { Instances = 3, Vars = Drafts.Map(("role", "replica")) };

    public static TheoryData<string, ServiceDraft> Wrong() => new()
    {
        { "services.web.vars.1a | '1a' is no name of a value", Drafts.Service with { Vars = Drafts.Map(("1a", "x")) } },
        { "services.web.vars.a | the value holds a NUL character", Drafts.Service with { Vars = Drafts.Map(("a", "\0")) } },
        { "services.web.per_instance.0.rol | vars has no 'rol', so that the other instances have no value for it | "
            + "did you mean 'role'?",
            Three with { PerInstance = Own(("0", "rol", "primary")) } },
        { "services.web.per_instance.0.shard | vars has no 'shard', so that the other instances have no value for it | "
            + "add it to vars:",
            Three with { PerInstance = Own(("0", "shard", "7")) } },
        { "services.web.per_instance.3 | there is no instance 3: the service has 3 | correct the index, or raise instances:",
            Three with { PerInstance = Own(("3", "role", "primary")) } },
        { "services.web.per_instance.1 | there is no instance 1: the service has one, with the index 0",
            Three with { Instances = null, PerInstance = Own(("1", "role", "primary")) } },
        { "services.web.per_instance.01 | '01' is no index of an instance",
            Three with { PerInstance = Own(("01", "role", "x")) } },
        { "services.web.per_instance.web.0 | 'web.0' is no index", Three with { PerInstance = Own(("web.0", "role", "x")) } },
        { "services.web.per_instance.10000 | '10000' is no index",
            Three with { Instances = null, PerHost = 2, PerInstance = Own(("10000", "role", "x")) } },
        { "services.web.env.A | ${vars.rol}: this service has no value 'rol' in vars | did you mean 'role'?",
            Three with { Env = Drafts.Map(("A", "${vars.rol}")) } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_told_at_its_place_and_nothing_else(string expected, ServiceDraft web) =>
        Assert.StartsWith(expected, Assert.Single(Drafts.ProblemsOf(web)), StringComparison.Ordinal);

    [Fact]
    public void Any_index_is_fine_where_hosts_decide_how_many_there_are() => Assert.Empty(Drafts.ProblemsOf(Three with
    {
        Instances = null,
        PerHost = 1,
        Args = ["--role=${vars.role}"],
        PerInstance = Own(("0", "role", "primary"), ("41", "role", "reader")),
    }));

    internal static ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, string>> Own(
        params (string Index, string Name, string Value)[] values) =>
        values.ToImmutableSortedDictionary(v => v.Index, v => Drafts.Map((v.Name, v.Value)), StringComparer.Ordinal);
}
