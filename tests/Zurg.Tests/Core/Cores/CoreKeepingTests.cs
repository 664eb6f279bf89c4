using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Core.Cores.CoreSamples;

namespace Zurg.Tests.Core.Cores;

public sealed class CoreKeepingTests
{
    [Fact]
    public void A_crash_loop_leaves_how_it_began_and_how_it_is_now() =>
        Assert.Equal(["web.0-2", "web.0-3", "web.0-4"], Removed(Dumps("web.0", 8), quota: 1000));

    [Fact]
    public void Other_services_do_not_count_against_one() =>
        Assert.Empty(Removed([.. Dumps("web.0", 5), .. Dumps("db.0", 5)], quota: 1000));

    [Fact]
    public void Beyond_the_quota_the_oldest_go() =>
        Assert.Equal(
            ["web.0-1", "db.0-2"],
            Removed([Dump("api.0", 4), Dump("db.0", 2, bytes: 30), Dump("web.0", 1), Dump("web.0", 3, bytes: 80)], quota: 95));

    [Fact]
    public void What_fits_exactly_stays() => Assert.Empty(Removed(Dumps("web.0", 2), quota: 20));

    [Fact]
    public void What_is_left_always_fits() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<(byte Service, byte Bytes)[]>(),
        ArbMap.Default.ArbFor<byte>(),
        (cores, quota) =>
        {
            var kept = cores.Select((c, i) => Dump($"s{c.Service % 3}.0", i, c.Bytes)).ToImmutableArray();
            var left = kept.RemoveRange(CoreKeeping.Remove(kept, quota));
            return left.Sum(c => c.DiskSize) <= quota
                && left.GroupBy(c => c.Instance.Service).All(s => s.Count() <= CoreKeeping.ServiceMax);
        }));

    private static IEnumerable<string> Removed(ImmutableArray<CoreDump> kept, long quota) =>
        CoreKeeping.Remove(kept, quota).Select(c => c.Id);
}
