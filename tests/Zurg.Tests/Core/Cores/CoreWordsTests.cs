using Zurg.Core;

namespace Zurg.Tests.Core.Cores;

public sealed class CoreWordsTests
{
    [Fact]
    public void A_kept_dump_says_how_to_get_it() =>
        Assert.Equal(
            "core dump web.0-7 is kept (pid 41, ended by SIGSEGV; 2048 KiB of disk): zurg cores get web.0-7",
            CoreWords.Kept(CoreSamples.Dump("web.0", 7, bytes: 2 << 20)));

    [Fact]
    public void One_that_is_too_big_says_where_it_is() =>
        Assert.Equal(
            "its core dump is not kept (pid 41, ended by SIGSEGV): it takes 20 MiB, and this host keeps at most 10 MiB: "
                + "it is left at /c",
            CoreWords.NotKept(41, 11, CoreWords.TooBig(20 << 20, 10 << 20, "/c")));

    [Fact]
    public void A_host_that_keeps_none_says_so() =>
        Assert.Equal("this host keeps none (see zurg agent --cores): it is left at /c", CoreWords.TooBig(1, 0, "/c"));
}
