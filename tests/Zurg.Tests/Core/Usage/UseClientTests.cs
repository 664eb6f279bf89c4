using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Usage;

public sealed class UseClientTests
{
    [Fact]
    public void A_client_is_told_from_others_by_the_best_that_is_known_of_it_and_never_by_its_pid()
    {
        var instance = InstanceId.Parse("web.0");
        Assert.Equal("instance web.0", new UseClient(instance, "node", "10.0.0.1", 7).Key);
        Assert.Equal("command node", new UseClient(null, "node", "10.0.0.1", 7).Key);
        Assert.Equal("address 10.0.0.1", new UseClient(null, null, "10.0.0.1", 7).Key);
        Assert.Equal(new UseClient(null, "node", Pid: 7).Key, new UseClient(null, "node", Pid: 8).Key);
    }
}
