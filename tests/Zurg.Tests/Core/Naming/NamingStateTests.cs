using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Naming;

public sealed class NamingStateTests
{
    private static readonly ServiceName Web = new("web");

    [Fact]
    public void A_service_without_any_endpoint_has_an_empty_set_as_new_as_the_view_itself()
    {
        var state = NamingState.Empty with { Since = new Revision(7) };
        var none = state.SetOf(Web);
        Assert.Equal((Web, new Revision(7), 0), (none.Service, none.Revision, none.Endpoints.Length));

        var known = new EndpointSet { Service = Web, Revision = new Revision(9) };
        Assert.Same(known, (state with { Sets = state.Sets.Add(Web, known) }).SetOf(Web));
    }
}
